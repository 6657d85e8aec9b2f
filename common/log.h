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

#ifndef KMAILD_LOG_H
#define KMAILD_LOG_H

/*
 * The log takes a code of logcode.h, an account id and up to three
 * integers, never a string: nothing personal and nothing that a stranger
 * wrote can reach it.  Children send it to the parent (M_LOG), the parent
 * writes syslog or stderr; kmailctl writes what is fatal to stderr.
 */

#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#include "common/id.h"
#include "common/logcode.h"

struct m_log;

/*
 * Where log_code() goes: proc_start() and channel_adopt() set the parent's
 * channel.  A process that forks off and closes that channel sets NULL.
 */
typedef void	(*log_sink)(const struct m_log *);
void	 log_init(log_sink, int);
void	 log_set_level(int);
int	 log_level(void);

/* Level, code, account or NULL, three integers whose meaning the code says. */
void	 log_code(int, enum logcode, const struct id *, int64_t, int64_t,
	    int64_t);
#define log_warn_code(c, a, b)	log_code(LOG_WARNING, (c), NULL, (a), (b), 0)
#define log_info_code(c, a, b)	log_code(LOG_INFO, (c), NULL, (a), (b), 0)
#define log_debug_code(c, a, b)	log_code(LOG_DEBUG, (c), NULL, (a), (b), 0)

/*
 * Broken invariants and failed set-up: log code, errno and line, exit 1.
 * fatal() takes errno, fatalx() an integer of the caller's.
 */
#define fatal(c)	fatal_at((c), errno, __LINE__)
#define fatalx(c, a)	fatal_at((c), (a), __LINE__)
_Noreturn void	fatal_at(enum logcode, int64_t, int);

/*
 * The text for a code with its integers put in, into the buffer: "{a}" "{b}"
 * "{c}" are numbers, "{e}" is strerror of a, "{r}" the words of reason a,
 * "{p}" the name of process a; "{eb}" "{rc}" and so on say which integer.
 * Returns the buffer.
 */
const char	*log_text(const struct m_log *, char *, size_t);
/* The code's name for programs ("session-verdict"); NULL if unknown. */
const char	*logcode_name(uint32_t);

#endif
