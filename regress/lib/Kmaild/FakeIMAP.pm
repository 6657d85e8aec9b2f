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

# A mailbox served by a script: behaves until a hook says otherwise.
#
# new(DIR, what Kmaild::Server takes, and:
#   greeting => TEXT, capability => WORDS, user => U, password => P,
#   folders => { NAME => { uidvalidity, messages => [{ uid, body }] } },
#   list => TEXT instead of the LIST lines,
#   login => sub($conn) { text after the tag, or undef to go on },
#   command => sub($conn, $name, $rest) { true: was dealt with },
#   fetch => sub($conn, $message, $items) { text instead of the response,
#       undef for the usual one },
#   fetched => sub($conn, $set) { text of the tagged answer or undef })
package Kmaild::FakeIMAP;

use strict;
use warnings;
use parent 'Kmaild::Server';
use MIME::Base64;

sub new
{
	my ($class, $dir, %opt) = @_;
	$opt{user} //= 'alice';
	$opt{password} //= 'correct horse';
	$opt{capability} //= 'IMAP4rev1 SASL-IR ID ENABLE LITERAL+ NAMESPACE';
	return $class->SUPER::new($dir, %opt);
}

sub simple_messages
{
	my ($count, $from) = @_;
	return [ map { { uid => $_, body => "From: a\@a.test\r\n"
	    . "Message-ID: <fake-$_\@a.test>\r\nSubject: number $_\r\n\r\n"
	    . "text of number $_\r\n" } }
	    ($from // 1) .. ($from // 1) + $count - 1 ];
}

sub talk
{
	my ($self, $conn) = @_;
	return $self->SUPER::talk($conn) if $self->{on};
	my $tls = $self->{tls} // 'implicit';
	$conn->{caps} = $tls eq 'implicit' ? "$self->{capability} AUTH=PLAIN"
	    : "$self->{capability} STARTTLS LOGINDISABLED";
	$conn->tls if $tls eq 'implicit';
	my $greeting = $self->{greeting}
	    // "* OK [CAPABILITY $conn->{caps}] ready";
	$conn->crlf($greeting);
	$self->one($conn) for 1 .. 1 << 30;
}

# One command, its literals read.
sub one
{
	my ($self, $conn) = @_;
	my $line = $conn->line;
	my $tag = $conn->{tag};
	while ($line =~ /\{(\d+)(\+?)\}$/) {
		$conn->crlf('+ go on') if $2 eq '';
		my $literal = $conn->octets($1);
		my $rest = $conn->line;
		$conn->{tag} = $tag;
		$literal =~ s/(["\\])/\\$1/g;
		$line =~ s/\{\d+\+?\}$/"$literal"$rest/s;
	}
	my ($name, $rest) = $line =~ /^\S+ (UID \S+|\S+) ?(.*)$/is
	    or die "no command: $line\n";
	$name = uc $name;
	return if $self->{command}
	    && $self->{command}->($conn, $name, $rest);
	my $method = 'do_' . lc($name =~ s/ /_/r);
	return $self->$method($conn, $rest) if $self->can($method);
	$conn->crlf("$conn->{tag} BAD unknown command");
}

sub done
{
	my ($self, $conn, $text) = @_;
	$conn->crlf("$conn->{tag} " . ($text // 'OK done'));
}

sub do_capability
{
	my ($self, $conn) = @_;
	$conn->crlf("* CAPABILITY $conn->{caps}");
	$self->done($conn);
}

sub do_noop { $_[0]->done($_[1]) }
sub do_enable { $_[0]->done($_[1]) }
sub do_unselect { $_[0]->done($_[1]) }

sub do_id
{
	my ($self, $conn) = @_;
	$conn->crlf('* ID NIL');
	$self->done($conn);
}

sub do_namespace
{
	my ($self, $conn) = @_;
	$conn->crlf('* NAMESPACE (("" "/")) NIL NIL');
	$self->done($conn);
}

sub do_starttls
{
	my ($self, $conn) = @_;
	$self->done($conn, 'OK begin');
	$conn->tls;
	$conn->{caps} = "$self->{capability} AUTH=PLAIN";
}

sub do_logout
{
	my ($self, $conn) = @_;
	$conn->crlf('* BYE logging out');
	$self->done($conn);
	$conn->close;
}

sub do_authenticate
{
	my ($self, $conn, $rest) = @_;
	my ($mech, $response) = split / /, $rest;
	return $self->done($conn, 'NO unsupported') if uc $mech ne 'PLAIN';
	my $tag = $conn->{tag};
	if (!defined $response) {
		$conn->crlf('+ ');
		$response = $conn->line;
		$conn->{tag} = $tag;
	}
	my (undef, $user, $password) = split /\0/, decode_base64($response),
	    3;
	$self->verdict($conn, $user, $password);
}

sub do_login
{
	my ($self, $conn, $rest) = @_;
	my @word;
	while ($rest =~ /\G\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))/gs) {
		push @word, defined $1 ? $1 =~ s/\\(.)/$1/grs : $2;
	}
	$self->verdict($conn, @word[0, 1]);
}

sub verdict
{
	my ($self, $conn, $user, $password) = @_;
	if ($self->{login}) {
		my $text = $self->{login}->($conn);
		return $self->done($conn, $text) if defined $text;
	}
	my $good = ($user // '') eq $self->{user}
	    && ($password // '') eq $self->{password};
	$self->done($conn, $good ? "OK [CAPABILITY $self->{capability}] in"
	    : 'NO [AUTHENTICATIONFAILED] no');
}

sub do_list
{
	my ($self, $conn) = @_;
	if (defined $self->{list}) {
		$conn->raw($self->{list});
	} else {
		$conn->crlf(qq(* LIST (\\HasNoChildren) "/" "$_"))
		    for sort keys %{$self->{folders}};
	}
	$self->done($conn);
}

sub do_status { $_[0]->done($_[1], 'NO not here') }

sub do_select { $_[0]->do_examine(@_[1, 2]) }

sub do_examine
{
	my ($self, $conn, $rest) = @_;
	$rest =~ s/^"(.*)"$/$1/s;
	$rest =~ s/\\(.)/$1/gs;
	my $folder = $self->{folders}{$rest};
	return $self->done($conn, 'NO [NONEXISTENT] no such folder')
	    if !$folder;
	$conn->{folder} = $folder;
	my @all = @{$folder->{messages}};
	my $next = $folder->{uidnext} // (@all ? $all[-1]{uid} + 1 : 1);
	$conn->crlf($_) for '* FLAGS (\\Seen)', '* ' . @all . ' EXISTS',
	    '* 0 RECENT', "* OK [UIDVALIDITY $folder->{uidvalidity}] ok",
	    "* OK [UIDNEXT $next] ok";
	$self->done($conn, 'OK [READ-ONLY] done');
}

# Messages of a sequence set of UIDs, with their sequence numbers.
sub chosen
{
	my ($conn, $set) = @_;
	my @all = @{$conn->{folder}{messages}};
	my $last = @all ? $all[-1]{uid} : 0;
	my %want;
	for (split /,/, $set) {
		my ($from, $to) = split /:/;
		$_ = $_ eq '*' ? $last : $_ for $from, $to //= $from;
		($from, $to) = ($to, $from) if $from > $to;
		$want{$_} = 1 for grep { $_ >= $from && $_ <= $to }
		    map { $_->{uid} } @all;
	}
	my $n = 0;
	return grep { $want{$_->{uid}} } map { { %$_, seq => ++$n } } @all;
}

sub do_uid_search
{
	my ($self, $conn, $rest) = @_;
	my $set = $rest =~ /UID (\S+)/ ? $1 : '1:*';
	$conn->crlf(join ' ', '* SEARCH',
	    map { $_->{uid} } chosen($conn, $set));
	$self->done($conn);
}

sub do_uid_fetch
{
	my ($self, $conn, $rest) = @_;
	my ($set, $items) = split / /, $rest, 2;
	my $tag = $conn->{tag};
	for my $m (chosen($conn, $set)) {
		my $text = $self->{fetch}
		    ? $self->{fetch}->($conn, $m, $items) : undef;
		$conn->raw($text // response($m, $items));
	}
	$conn->{tag} = $tag;
	my $text = $self->{fetched} ? $self->{fetched}->($conn, $set, $items)
	    : undef;
	$self->done($conn, $text);
}

# The usual FETCH response of one message.
sub response
{
	my ($m, $items) = @_;
	my @item = "UID $m->{uid}";
	push @item, 'RFC822.SIZE ' . ($m->{size} // length $m->{body})
	    if $items =~ /RFC822\.SIZE/i;
	push @item, 'INTERNALDATE "'
	    . ($m->{date} // '14-Nov-2023 22:13:20 +0000') . '"'
	    if $items =~ /INTERNALDATE/i;
	push @item, 'BODY[] {' . length($m->{body}) . "}\r\n$m->{body}"
	    if $items =~ /BODY\.PEEK\[\]/i;
	return "* $m->{seq} FETCH (" . join(' ', @item) . ")\r\n";
}

1;
