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

# A name server for tests: new({ 'imap.test' => ['127.0.0.1', '::1'], ... }).
# A name with the value 'silent' gets no answer, 'servfail' that answer, any
# unknown one NXDOMAIN.
package Kmaild::DNS;

use strict;
use warnings;
use IO::Socket::IP;
use Kmaild::Proc qw(spawn);
use Socket qw(AF_INET AF_INET6 inet_pton);

sub new
{
	my ($class, $names, %opt) = @_;
	my $s = IO::Socket::IP->new(Proto => 'udp', LocalPort => 0,
	    LocalAddr => '127.0.0.1') // die "dns: $!\n";
	my $self = bless { port => $s->sockport }, $class;
	$self->{pid} = spawn({ log => $opt{log}, code => sub {
		$| = 1;
		serve($s, $names) } });
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
	my ($s, $names) = @_;
	while (defined(my $from = $s->recv(my $query, 1500))) {
		my $answer = answer($query, $names) // next;
		$s->send($answer, 0, $from);
	}
}

sub answer
{
	my ($query, $names) = @_;
	return undef if length $query < 17;
	my ($id, $flags, $questions) = unpack 'nnn', $query;
	my ($at, @labels) = (12);
	while ((my $n = ord substr $query, $at, 1) != 0) {
		push @labels, substr $query, $at + 1, $n;
		$at += $n + 1;
		return undef if $at >= length $query;
	}
	my $type = unpack 'n', substr $query, $at + 1, 2;
	my $name = lc join '.', @labels;
	print "$name $type\n";
	my $found = $names->{$name};
	return undef if defined $found && $found eq 'silent';
	my $code = !defined $found ? 3 : $found eq 'servfail' ? 2 : 0;
	my @data = ref $found ? grep { defined } map {
	    inet_pton($type == 28 ? AF_INET6 : AF_INET, $_) } @$found : ();
	@data = () if $type != 1 && $type != 28;
	return pack('nnnnnn', $id, 0x8580 | $code, 1, scalar @data, 0, 0)
	    . substr($query, 12, $at + 5 - 12)
	    . join '', map { pack 'nnnNn/a', 0xc00c, $type, 1, 5, $_ } @data;
}

1;
