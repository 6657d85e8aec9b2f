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

# A TCP forwarder that misbehaves on request: new(TO_ADDRESS, TO_PORT,
# after => octets from the server until it happens,
# then => 'cut', 'reset', 'stall' or 'trickle', times => connections it
# happens to; all of them when not given).  Without `then` it only forwards.
package Kmaild::Proxy;

use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;
use Kmaild::Proc qw(spawn);
use Socket qw(SOL_SOCKET SO_LINGER);

sub new
{
	my ($class, $addr, $port, %opt) = @_;
	my $listen = IO::Socket::IP->new(Listen => 128, LocalPort => 0,
	    LocalAddr => $opt{address} // '127.0.0.1', ReuseAddr => 1)
	    // die "proxy: $!\n";
	my $self = bless { port => $listen->sockport }, $class;
	$self->{pid} = spawn({ code => sub {
		serve($listen, $addr, $port, \%opt) } });
	return $self;
}

sub port { $_[0]{port} }

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	kill 'KILL', $pid;
	Kmaild::Proc::reap($pid, 5);
}

sub serve
{
	my ($listen, $addr, $port, $opt) = @_;
	my $select = IO::Select->new($listen);
	my (%peer, %passed, %mode);
	my $left = $opt->{times} // 1 << 30;
	for (;;) {
		for my $fh ($select->can_read) {
			if ($fh == $listen) {
				my $client = $listen->accept or next;
				my $server = IO::Socket::IP->new(
				    PeerHost => $addr, PeerPort => $port);
				close $client, next if !$server;
				$peer{$client} = $server;
				$peer{$server} = $client;
				$passed{$server} = 0;
				$mode{$server} = $opt->{then}
				    if $opt->{then} && $left-- > 0;
				$select->add($client, $server);
				next;
			}
			next if !$peer{$fh};	# closed a moment ago
			my $n = sysread $fh, my $octets, 16384;
			if (!$n) {
				drop($select, \%peer, $fh);
				next;
			}
			forward($select, \%peer, \%passed, \%mode, $fh,
			    $octets, $opt->{after} // 0);
		}
	}
}

sub drop
{
	my ($select, $peer, $fh, $reset) = @_;
	# a reset throws away what the other side has not read yet
	select undef, undef, undef, 0.5 if $reset;
	my $other = delete $peer->{$fh};
	delete $peer->{$other} if $other;
	for (grep { $_ } $fh, $other) {
		setsockopt $_, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
		    if $reset;
		$select->remove($_);
		close $_;
	}
}

sub forward
{
	my ($select, $peer, $passed, $mode, $fh, $octets, $after) = @_;
	my $to = $peer->{$fh} or return;
	my $how = $mode->{$fh};
	if ($how && $passed->{$fh} + length $octets > $after) {
		my $rest = $after - $passed->{$fh};
		put($to, substr $octets, 0, $rest) if $rest > 0;
		$passed->{$fh} = $after;
		if ($how eq 'trickle') {
			substr($octets, 0, $rest) = '' if $rest > 0;
			return trickle($select, $to, $octets, $fh);
		}
		return $select->remove($fh, $to) if $how eq 'stall';
		return drop($select, $peer, $fh, $how eq 'reset');
	}
	$passed->{$fh} += length $octets if defined $passed->{$fh};
	drop($select, $peer, $fh) if !put($to, $octets);
}

# One octet a quarter of a second from here on, in a process of its own.
sub trickle
{
	my ($select, $to, $octets, $from) = @_;
	$select->remove($from);
	my $pid = fork // return;
	return if $pid != 0;
	for (;;) {
		for my $octet (split //, $octets) {
			put($to, $octet) or POSIX::_exit(0);
			select undef, undef, undef, 0.25;
		}
		sysread($from, $octets, 4096) or POSIX::_exit(0);
	}
}

sub put
{
	my ($to, $octets) = @_;
	my $at = 0;
	while ($at < length $octets) {
		my $n = syswrite $to, $octets, length($octets) - $at, $at;
		return 0 if !defined $n;
		$at += $n;
	}
	return 1;
}

1;
