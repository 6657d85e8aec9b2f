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

# A small IMAP client of our own, to see what a server holds without the
# programs under test.
package Kmaild::IMAP;

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use IO::Socket::SSL;

# new(PORT, CA file, USER, PASSWORD)
sub new
{
	my ($class, $port, $ca, $user, $password) = @_;
	my $s = IO::Socket::SSL->new(PeerHost => '127.0.0.1',
	    PeerPort => $port, SSL_ca_file => $ca,
	    SSL_verifycn_name => 'imap.test', SSL_hostname => 'imap.test',
	    SSL_verifycn_scheme => 'imap')
	    // die "imap connect: $!, $SSL_ERROR\n";
	my $self = bless { s => $s, tag => 0, in => '' }, $class;
	$self->line;
	$self->command(qq(LOGIN "$user" "$password"));
	return $self;
}

sub more
{
	my ($self) = @_;
	my $n = sysread $self->{s}, $self->{in}, 65536, length $self->{in};
	die "imap connection lost\n" if !$n;
}

sub line
{
	my ($self) = @_;
	my $at;
	$self->more while ($at = index $self->{in}, "\r\n") == -1;
	my $line = substr $self->{in}, 0, $at;
	substr($self->{in}, 0, $at + 2) = '';
	return $line;
}

sub octets
{
	my ($self, $n) = @_;
	$self->more while length $self->{in} < $n;
	return substr $self->{in}, 0, $n, '';
}

# Untagged lines of a command, each [text, literals ...]; dies unless OK.
sub command
{
	my ($self, $text) = @_;
	my $tag = 't' . ++$self->{tag};
	my @found;
	$self->{s}->print("$tag $text\r\n");
	for (;;) {
		my @line = ($self->line);
		while ($line[0] =~ /\{(\d+)\}$/) {
			push @line, $self->octets($1);
			$line[0] .= ' ' . $self->line;
		}
		if ($line[0] =~ /^$tag (\S+)(.*)/) {
			die "imap: $text: $1$2\n" if $1 ne 'OK';
			return @found;
		}
		push @found, \@line;
	}
}

# { UID => { sha, size } } of a folder.
sub content
{
	my ($self, $folder) = @_;
	$self->command(qq(EXAMINE "$folder"));
	my %found;
	for ($self->command('UID FETCH 1:* (UID BODY.PEEK[])')) {
		my ($uid) = $_->[0] =~ /FETCH \(.*?UID (\d+)/ or next;
		$found{$uid} = { sha => sha256_hex($_->[1] // ''),
		    size => length($_->[1] // '') };
	}
	return \%found;
}

# UID => flags and so on, as text: to see that nothing changed.
sub state
{
	my ($self, $folder) = @_;
	my @status = $self->command(qq(EXAMINE "$folder"));
	my @flags = $self->command('UID FETCH 1:* (UID FLAGS)');
	return join "\n", sort map { $_->[0] } grep {
	    $_->[0] =~ /FETCH|EXISTS|UNSEEN|UIDVALIDITY|UIDNEXT/ }
	    @status, @flags;
}

sub DESTROY
{
	my ($self) = @_;
	local ($@, $?);
	close $self->{s} if $self->{s};
}

1;
