/*
 * Copyright (c) 2026 The kmaild authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/*
 * The hash of a certificate's key, against openssl(1)'s.
 *
 * link: kmaild/session/spki.o
 * libs: libmd
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kmaild/session/session.h"

/* openssl x509 -pubkey | openssl pkey -pubin -outform der | sha256sum */
static const struct {
	const char	*hash;
	const char	*pem;
} certs[] = {
	{ "ed98c336344ba5de79d9ea28977b461a7f9e2ec1be2b8321c301ce3f3fe33646",
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfzCCASWgAwIBAgIUZWg2AjfApniLMEfEiHuKhX2ZcFwwCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJaW1hcC50ZXN0MCAXDTI2MTEyMjIyMDEwOVoYDzIxMjYxMDI5\n"
    "MjIwMTA5WjAUMRIwEAYDVQQDDAlpbWFwLnRlc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAAQzH/UEqXFT6358/vIdTDZoMhmRXhh9PV/JsPAn6Fo6tzipeb/0os5z\n"
    "MhRhUlUOcKQ3/9YEERgc/p1grJSMtSQDo1MwUTAdBgNVHQ4EFgQUQpPAtiqxo0uZ\n"
    "TYtD+D1FdMyCxUAwHwYDVR0jBBgwFoAUQpPAtiqxo0uZTYtD+D1FdMyCxUAwDwYD\n"
    "VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA/OBg8dekCfyPcBZMlutIP\n"
    "8LEVD7qGfOvRM9Xdk3MNdQIhAJGeuy4dVahdsNMRzAgbYlXU0eP73eYp8CfTFBTf\n"
    "5yOt\n"
    "-----END CERTIFICATE-----\n" },
	{ "3eecbab7c50d705b46f7d566fcaed7161ee5e2c05ac323cd353e488a7a51e750",
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDWTCCAkGgAwIBAgIUeb7ZZAM4nw98NOFfTbiXOiI1pfgwDQYJKoZIhvcNAQEL\n"
    "BQAwMDELMAkGA1UEBhMCREUxDTALBgNVBAoMBFRlc3QxEjAQBgNVBAMMCWltYXAu\n"
    "dGVzdDAgFw0yNjExMjIyMjAxMTBaGA8yMTI2MTAyOTIyMDExMFowMDELMAkGA1UE\n"
    "BhMCREUxDTALBgNVBAoMBFRlc3QxEjAQBgNVBAMMCWltYXAudGVzdDCCASIwDQYJ\n"
    "KoZIhvcNAQEBBQADggEPADCCAQoCggEBALqjVNWBBrCeby4rgN2jYYdf248SObQR\n"
    "BlLyjrz5OMqc7hYVhE7UvhkhPEa8iOs4fpzu4RfVcIgfpq3cFi61nq+PTFyiCu/U\n"
    "QicFiwzOl1TXe/nskWjrnxyWpyLGDH+6z86OGit5cau91v7Fnjztk71IsqipKd9u\n"
    "kAdkkzPyEvvvJEDfvIMUekqIkCguwMyXsO/JbznXDnFWKBGuQb230oGyEaUr63SD\n"
    "sDkg0y2irPVsg4tmK1BakY0xqKCj1hGIcLPVfPUSA0URWjBlPk5xpYYbC0U6D0qJ\n"
    "KXH/Zr4Kul7UKVayMMGhuqx7cCcTVUsm+P4/tJTkKi7x3QqWrh9MgOcCAwEAAaNp\n"
    "MGcwHQYDVR0OBBYEFMgh0eOlN2v4DGNmsqRXuDl1d/pRMB8GA1UdIwQYMBaAFMgh\n"
    "0eOlN2v4DGNmsqRXuDl1d/pRMA8GA1UdEwEB/wQFMAMBAf8wFAYDVR0RBA0wC4IJ\n"
    "aW1hcC50ZXN0MA0GCSqGSIb3DQEBCwUAA4IBAQA0s5jTahFlNccZQTdr3S7l9wgB\n"
    "M/uOJUlWM4AP28ei/YpLLbYr95B9x/7GDeKC/nj6Srf234NjT2STMeLM2/4oGk6Z\n"
    "pbHojYx9YTWCj3GG2A96rbdFKtf8jw3POvAgROlRfpdgkb0HyD0vsVdwKkztNxJB\n"
    "fDWisVBx29PHutU/czYZeBi+feakXpDxWJ+IKNprwsmBp2XI9FLqiDADoulKqr9Z\n"
    "iMLfck96oEFi4rvM9h9u8Q59FEx5EOwNci492lnwfA5gVoQ4Mxz9C/ZFQhMKLYOD\n"
    "IUwFNalQCAJS/sOj7yhs23/BMso/aMEK2tPdIGyTPbPf2SS+GtAeYCyJmfwd\n"
    "-----END CERTIFICATE-----\n" },
};

static int
hash(const char *pem, size_t len, char hex[SPKI_HEX_SIZE])
{
	return spki_hash((const uint8_t *)pem, len, hex);
}

static void
test_known(void **state)
{
	char	 hex[SPKI_HEX_SIZE];
	size_t	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(hash(certs[i].pem, strlen(certs[i].pem),
		    hex), 0);
		assert_string_equal(hex, certs[i].hash);
	}
}

/* A chain: the first one counts, which is the server's own. */
static void
test_chain(void **state)
{
	char	 chain[4096], hex[SPKI_HEX_SIZE];

	(void)state;
	strlcpy(chain, certs[1].pem, sizeof(chain));
	strlcat(chain, certs[0].pem, sizeof(chain));
	assert_int_equal(hash(chain, strlen(chain), hex), 0);
	assert_string_equal(hex, certs[1].hash);
}

/* Cut anywhere: no certificate, or the outer length says that it was cut. */
static void
test_cut(void **state)
{
	const char	*end;
	char		 hex[SPKI_HEX_SIZE];
	size_t		 i, n;

	(void)state;
	for (i = 0; i < 2; i++) {
		end = strstr(certs[i].pem, "\n-----END");
		for (n = 0; n + 3 < (size_t)(end - certs[i].pem); n++)
			assert_int_equal(hash(certs[i].pem, n, hex), -1);
	}
}

static void
test_none(void **state)
{
	char	 hex[SPKI_HEX_SIZE];

	(void)state;
	assert_int_equal(hash("", 0, hex), -1);
	assert_int_equal(hash("-----BEGIN CERTIFICATE-----", 27, hex), -1);
	assert_int_equal(hash("-----BEGIN CERTIFICATE-----\nMIIB\n", 33,
	    hex), -1);
	assert_int_equal(hash("-----BEGIN PUBLIC KEY-----\nMIIB\n", 32,
	    hex), -1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
