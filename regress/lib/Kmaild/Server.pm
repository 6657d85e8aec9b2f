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

# A scripted server: it lies, stalls and hangs up as a test wants, and keeps
# every octet that it received.
#
# new(DIR, tls => 'implicit', 'starttls' or 'none', pki => PKI,
#     cert => 'good', steps => [...] or on => sub { my ($conn) = @_ })
# Steps are [send => TEXT], [expect => REGEX], [tls => 1], [stall => 1],
# [wait => SECONDS], [close => 1], [reset => 1]; in what is sent %T stands for
# the tag of the last line received.  Each connection is served by a
# process of its own; $conn->{number} counts from 1.
package Kmaild::Server;

use strict;
use warnings;
use IO::Socket::IP;
use IO::Socket::SSL;
use Kmaild::Dir;
use Kmaild::Proc qw(spawn);
use Socket qw(SOL_SOCKET SO_LINGER);

sub new
{
	my ($class, $dir, %opt) = @_;
	mkdir $dir if !-d $dir;
	my $listen = IO::Socket::IP->new(Listen => 128, ReuseAddr => 1,
	    LocalPort => $opt{port} // 0,
	    LocalAddr => $opt{address} // '127.0.0.1')
	    // die "server: $!\n";
	my $self = bless { %opt, dir => $dir, port => $listen->sockport },
	    $class;
	Kmaild::Dir::spew("$dir/server.log", '');
	$self->{pid} = spawn({ log => "$dir/server.log", code => sub {
		$self->serve($listen) } });
	return $self;
}

sub port { $_[0]{port} }

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	kill 'KILL', -$pid;
	Kmaild::Proc::reap($pid, 5);
}

sub connections
{
	my ($self) = @_;
	return scalar(my @all = glob "$self->{dir}/conn-*.in");
}

# All that one connection received, after TLS.
sub received
{
	my ($self, $number) = @_;
	return Kmaild::Dir::slurp("$self->{dir}/conn-$number.in");
}

# The same of every connection.
sub all_received
{
	my ($self) = @_;
	return join '', map { $self->received($_) // '' }
	    1 .. $self->connections;
}

# When each connection began, in seconds.
sub times
{
	my ($self) = @_;
	my $log = Kmaild::Dir::slurp("$self->{dir}/server.log");
	return $log =~ /^connection \d+ at ([\d.]+)$/mg;
}

sub serve
{
	my ($self, $listen) = @_;
	$| = 1;
	$SIG{CHLD} = 'IGNORE';
	my $number = $self->connections;
	for (;;) {
		my $client = $listen->accept or next;
		$number++;
		printf "connection %d at %.3f\n", $number, Time::HiRes::time();
		my $record = "$self->{dir}/conn-$number.in";
		open my $in, '>:raw', $record or die "$record: $!\n";
		$in->autoflush(1);
		my $pid = fork // die "fork: $!\n";
		if ($pid != 0) {
			close $client;
			next;
		}
		close $listen;
		my $conn = bless { fh => $client, in => $in, buf => '',
		    number => $number, server => $self, tag => '' },
		    'Kmaild::Server::Connection';
		eval { $self->talk($conn); 1 }
		    or print "connection $number: $@";
		POSIX::_exit(0);
	}
}

sub talk
{
	my ($self, $conn) = @_;
	$conn->tls if ($self->{tls} // 'implicit') eq 'implicit';
	return $self->{on}->($conn) if $self->{on};
	for (@{$self->{steps}}) {
		my ($what, $value) = @$_;
		$conn->$what($value);
	}
}

package Kmaild::Server::Connection;

use Socket qw(SOL_SOCKET SO_LINGER);

sub tls
{
	my ($self) = @_;
	my $pki = $self->{server}{pki};
	my $name = $self->{server}{cert} // 'good';
	IO::Socket::SSL->start_SSL($self->{fh}, SSL_server => 1,
	    SSL_cert_file => $pki->cert($name),
	    SSL_key_file => $pki->key($name))
	    or die "TLS: $IO::Socket::SSL::SSL_ERROR\n";
	$self->{buf} = '';
}

# Without the CR LF of a line; see crlf().
sub send
{
	my ($self, $text) = @_;
	$text =~ s/%T/$self->{tag}/g;
	return $self->raw($text);
}

sub raw
{
	my ($self, $text) = @_;
	my $at = 0;
	while ($at < length $text) {
		my $n = syswrite $self->{fh}, $text, 16384, $at;
		die "client gone\n" if !defined $n;
		$at += $n;
	}
}

sub crlf
{
	my ($self, $text) = @_;
	return $self->send("$text\r\n");
}

sub more
{
	my ($self) = @_;
	my $n = sysread $self->{fh}, my $octets, 16384;
	die "client gone\n" if !$n;
	print {$self->{in}} $octets;
	$self->{buf} .= $octets;
}

sub octets
{
	my ($self, $n) = @_;
	$self->more while length $self->{buf} < $n;
	return substr $self->{buf}, 0, $n, '';
}

# Next line without its end; its first word becomes the tag.
sub line
{
	my ($self) = @_;
	my $at;
	$self->more while ($at = index $self->{buf}, "\n") == -1;
	my $line = substr $self->{buf}, 0, $at + 1, '';
	$line =~ s/\r?\n$//;
	$self->{tag} = $1 if $line =~ /^(\S+)/;
	return $line;
}

sub expect
{
	my ($self, $regex) = @_;
	my $line = $self->line;
	die "unexpected: $line\n" if $line !~ $regex;
	return $line;
}

# Nothing more is said; what comes is kept until the client goes.
sub stall
{
	my ($self) = @_;
	$self->more for 1 .. 1 << 30;
}

sub wait
{
	my ($self, $seconds) = @_;
	select undef, undef, undef, $seconds;
}

sub close
{
	my ($self) = @_;
	CORE::close($self->{fh});
	die "closed\n";
}

sub reset
{
	my ($self) = @_;
	setsockopt $self->{fh}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	POSIX::close(fileno $self->{fh});
	die "reset\n";
}

1;
