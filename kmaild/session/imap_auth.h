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

#ifndef SESSION_IMAP_AUTH_H
#define SESSION_IMAP_AUTH_H

#include "session.h"

/* Between imap_auth.c, which decides, and imap_line.c, which reads. */

#define CAP_KNOWN	0x01	/* a CAPABILITY response was seen */
#define CAP_PLAIN	0x02
#define CAP_SASL_IR	0x04
#define CAP_NOLOGIN	0x08

enum answer { A_OK = 1, A_NO, A_BAD, A_CONTINUE, A_FAIL };

/* The next line without its CRLF into a->line, NUL-ended in place. */
enum reason	 auth_line(struct auth *);
/*
 * Read up to the tagged answer to the last command, or to a continuation.
 * a->line is then the text after the status.
 */
enum answer	 auth_answer(struct auth *, enum reason *);
/* Do the octets hold what was sent in confidence, raw or in base64? */
int		 auth_echo(const struct auth *, const void *, size_t);
/* Capabilities from a response code, if it is that one. */
void		 auth_code_caps(struct auth *, const char *);
/* What a BYE says about coming back; its reason counts once it hangs up. */
enum reason	 auth_bye(struct auth *, const char *);

/* The line to be sent, in a->out: 0, or -1 when it is full. */
int		 out_add(struct auth *, const void *, size_t);
void		 out_wipe(struct auth *);
/* Start a command: a new tag and these words. */
void		 out_command(struct auth *, const char *);
/* Send it; it stays there, so that its echo is known. */
enum reason	 out_send(struct auth *);

#endif
