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

#ifndef KMAILD_LIMITS_H
#define KMAILD_LIMITS_H

/* Sizes that several programs share.  Each includes the NUL where text. */

#define KM_LABEL_SIZE	33	/* [a-z0-9][a-z0-9._-]{0,31}: a table's column */
#define KM_TENANT_SIZE	33	/* same form as a label */
#define KM_USER_SIZE	321	/* RFC 5321 4.5.3.1: 64 + "@" + 255, NUL */
#define KM_HOST_SIZE	256	/* RFC 1035 2.3.4: 255 octets, NUL */
#define KM_PATH_SIZE	1024	/* PATH_MAX of OpenBSD */
#define KM_SECRET_MAX	1024	/* octets of a password; no NUL, CR, LF */
#define KM_FOLDERS_SIZE	4096	/* folder patterns of one account, each NUL-ended */
#define KM_FOLDER_MAX	1024	/* octets of one folder's name as LIST gave it */
#define KM_PORTS_MAX	32	/* connect ports in the configuration */
#define KM_ALLOW_MAX	256	/* allow rules after groups became users */
#define KM_CA_MAX	65536	/* octets of an account's own CA file */
#define KM_RETRY_MAX	1024	/* not-fetched messages tried again in one go */
#define KM_SKIP_MAX	256	/* messages of a folder not to be asked for */
#define KM_CERTNAME_SIZE 256	/* certificate names as shown by account test */
#define KM_BUILD_SIZE	64	/* text that identifies one build */

#endif
