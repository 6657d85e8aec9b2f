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


#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

struct unit {
	char		 letter;
	uint64_t	 factor;
};

/* Largest first: the first that divides a value is printed. */
static const struct unit time_units[] = {
	{ 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 }
};
static const struct unit size_units[] = {
	{ 'G', 1ULL << 30 }, { 'M', 1ULL << 20 }, { 'K', 1ULL << 10 }
};

#define NUNITS(u)	(sizeof(u) / sizeof((u)[0]))

static int
value_parse(const char *text, const struct unit *units, size_t nunits,
    int (*fold)(int), uint64_t max, uint64_t *value)
{
	char			*end;
	unsigned long long	 number;
	uint64_t		 factor = 1;
	size_t			 i;

	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0)
		return -1;
	if (*end != '\0') {
		for (i = 0; i < nunits; i++)
			if (fold((unsigned char)*end) == units[i].letter)
				break;
		if (i == nunits || end[1] != '\0')
			return -1;
		factor = units[i].factor;
	}
	if (number > max / factor)
		return -1;
	*value = number * factor;
	return 0;
}

int
conf_seconds(const char *text, uint32_t min, uint32_t *seconds)
{
	uint64_t	value;

	if (value_parse(text, time_units, NUNITS(time_units), tolower,
	    CONF_SECONDS_MAX, &value) == -1 || value < min)
		return -1;
	*seconds = (uint32_t)value;
	return 0;
}

int
conf_octets(const char *text, uint64_t *octets)
{
	if (value_parse(text, size_units, NUNITS(size_units), toupper,
	    INT64_MAX, octets) == -1 || *octets == 0)
		return -1;
	return 0;
}

int
conf_number(const char *text, uint32_t min, uint32_t max, uint32_t *number)
{
	uint64_t	value;

	if (value_parse(text, NULL, 0, toupper, max, &value) == -1 ||
	    value < min)
		return -1;
	*number = (uint32_t)value;
	return 0;
}

int
conf_mode(const char *text, mode_t *mode)
{
	char		*end;
	unsigned long	 value;

	if (!isdigit((unsigned char)text[0]))
		return -1;
	value = strtoul(text, &end, 8);
	if (*end != '\0' || value == 0 || value > 0777)
		return -1;
	*mode = (mode_t)value;
	return 0;
}

int
conf_label(const char *label)
{
	size_t	i, len = strlen(label);

	if (len == 0 || len >= KM_LABEL_SIZE)
		return -1;
	for (i = 0; i < len; i++) {
		if ((label[i] >= 'a' && label[i] <= 'z') ||
		    (label[i] >= '0' && label[i] <= '9'))
			continue;
		if (i == 0 || strchr("._-", label[i]) == NULL)
			return -1;
	}
	return 0;
}

static const char *
value_text(uint64_t value, const struct unit *units, size_t nunits,
    char text[CONF_VALUE_SIZE])
{
	size_t	i;

	for (i = 0; i < nunits; i++) {
		if (value % units[i].factor != 0)
			continue;
		snprintf(text, CONF_VALUE_SIZE, "%llu%c",
		    (unsigned long long)(value / units[i].factor),
		    units[i].letter);
		return text;
	}
	snprintf(text, CONF_VALUE_SIZE, "%llu", (unsigned long long)value);
	return text;
}

const char *
conf_seconds_text(uint32_t seconds, char text[CONF_VALUE_SIZE])
{
	if (seconds == 0) {
		strlcpy(text, "never", CONF_VALUE_SIZE);
		return text;
	}
	return value_text(seconds, time_units, NUNITS(time_units), text);
}

const char *
conf_octets_text(uint64_t octets, char text[CONF_VALUE_SIZE])
{
	return value_text(octets, size_units, NUNITS(size_units), text);
}
