# Copyright (c) 2026 The kmaild authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

# What the store holds, against what a server had.
package Kmaild::Mail;

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Exporter 'import';
use Kmaild::Dir;

our @EXPORT = qw(stored compare exported);

# Messages by the socket's message-export: [{ sha, size, message, folders }]
sub stored
{
	my ($d, $label) = @_;
	my ($s, $answer) = $d->ask({ op => 'message-export',
	    account => $label });
	my @found;
	while (my $item = $answer->()) {
		last if $item->{type} eq 'end';
		die "message-export: $item->{error}\n"
		    if $item->{type} eq 'error';
		my $octets = delete $item->{octets} // '';
		push @found, { %$item, sha => sha256_hex($octets),
		    size => length $octets };
	}
	return \@found;
}

# Files of a Maildir that kmailctl wrote: { sha => count }
sub exported
{
	my ($dir) = @_;
	my %count;
	for my $path (glob("$dir/cur/* $dir/new/*")) {
		$count{sha256_hex(Kmaild::Dir::slurp($path))}++;
	}
	return \%count;
}

# Differences between stored messages and a manifest: '' when each message of
# the manifest is stored exactly once and nothing else is.
sub compare
{
	my ($found, @lists) = @_;
	my (%want, %have, @wrong);
	$want{$_->{sha}} //= $_ for map { @$_ } @lists;
	$have{$_->{sha}}++ for @$found;
	for (sort keys %want) {
		my $n = delete $have{$_} // 0;
		push @wrong, "uid $want{$_}{uid} ($want{$_}{kind}) $n times"
		    if $n != 1;
	}
	push @wrong, "$_ was never there" for sort keys %have;
	splice @wrong, 5, @wrong - 5, '...' if @wrong > 5;
	return join '; ', @wrong;
}

1;
