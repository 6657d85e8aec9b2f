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

# What a worker would send if a mail had taken it over: the test takes a
# copy of the worker's descriptors (as root) and writes in its place.
package Kmaild::Takeover;

use strict;
use warnings;
use Config;
use Socket qw(SOL_SOCKET SO_PEERCRED);

my ($PIDFD_OPEN, $PIDFD_GETFD) = (434, 438);	# the same on all machines

sub possible { $> == 0 && $^O eq 'linux' }

# File handles: copies of each socket of a process.
sub sockets
{
	my ($pid) = @_;
	my $pidfd = syscall $PIDFD_OPEN, $pid, 0;
	die "pidfd_open: $!\n" if $pidfd < 0;
	opendir my $dh, "/proc/$pid/fd" or die "/proc/$pid/fd: $!\n";
	my @found;
	for my $fd (grep { /^\d+$/ } readdir $dh) {
		my $to = readlink "/proc/$pid/fd/$fd" // '';
		next if $to !~ /^socket:/;
		my $copy = syscall $PIDFD_GETFD, $pidfd, $fd + 0, 0;
		next if $copy < 0;
		open my $fh, '+<&=', $copy or die "fdopen: $!\n";
		push @found, $fh;
	}
	POSIX::close($pidfd);
	return @found;
}

# A worker's plaintext channel: the pair that the vault made.
sub relay
{
	my ($worker, $vault) = @_;
	for my $fh (sockets($worker)) {
		my $cred = getsockopt $fh, SOL_SOCKET, SO_PEERCRED or next;
		return $fh if (unpack 'iii', $cred)[0] == $vault;
	}
	return undef;
}

1;
