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

# Mailboxes of known content, written straight into Maildir folders with
# chosen UIDs and UIDVALIDITY.  The same seed gives the same bytes.
package Kmaild::Corpus;

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use MIME::Base64;
use Kmaild::Dir;

my $EPOCH = 1700000000;

# new(seed => 7, owner => [uid, gid])
sub new
{
	my ($class, %opt) = @_;
	my $self = bless { seed => $opt{seed} // 7, owner => $opt{owner},
	    serial => 0 }, $class;
	$self->{state} = $self->{seed} * 2654435761 % 4294967296 || 1;
	my $text = '';
	while (length $text < 1 << 18) {
		my $line = '';
		my $width = 20 + $self->number(56);
		while (length $line < $width) {
			$line .= chr 97 + $self->number(26)
			    for 0 .. 2 + $self->number(8);
			$line .= ' ';
		}
		$text .= substr($line, 0, $width - 1) . "\n";
	}
	$self->{text} = $text;
	return $self;
}

# Own generator: perl's may differ between builds.
sub number
{
	my ($self, $below) = @_;
	my $x = $self->{state};
	$x ^= $x << 13 & 0xffffffff;
	$x ^= $x >> 17;
	$x ^= $x << 5 & 0xffffffff;
	$self->{state} = $x;
	return $x % $below;
}

sub fraction { $_[0]->number(1 << 30) / (1 << 30) }

# So many octets of text in whole lines, LF line ends.
sub text
{
	my ($self, $octets) = @_;
	my $out = '';
	while (length $out < $octets) {
		my $want = $octets - length $out;
		my $from = $self->number(length($self->{text}) - 1);
		$out .= substr $self->{text}, $from, $want;
	}
	substr($out, -1) = "\n" if $octets > 0;
	return $out;
}

sub id
{
	my ($self) = @_;
	return sprintf '%d.%d.%08x@corpus.test', $self->{seed},
	    ++$self->{serial}, $self->number(0xffffffff);
}

sub head
{
	my ($self, %opt) = @_;
	my $id = $opt{id} // '<' . $self->id . '>';
	my @date = gmtime($EPOCH + $self->{serial} * 61);
	my $subject = $opt{subject} // 'message ' . $self->{serial} . ' '
	    . substr($self->{text}, $self->number(100000) , 24);
	$subject =~ tr/\n/ /;
	my $text = "Received: from mx.corpus.test by imap.test with ESMTPS\n"
	    . "\tid $self->{seed}-$self->{serial}; "
	    . "Tue, 14 Nov 2023 22:13:20 +0000\n"
	    . "From: " . ($opt{from} // 'Sender <sender@corpus.test>') . "\n"
	    . "To: " . ($opt{to} // 'alice@imap.test') . "\n"
	    . "Subject: $subject\n";
	$text .= "Message-ID: $id\n" if $id ne '';
	$text .= 'Date: ' . ($opt{date} // sprintf
	    'Tue, %02d Nov 2023 %02d:%02d:%02d +0000',
	    $date[3], @date[2, 1, 0]) . "\n";
	return $text . ($opt{more} // '');
}

sub mime
{
	my ($type) = @_;
	return "MIME-Version: 1.0\nContent-Type: $type\n";
}

sub base64_lines
{
	my ($self, $octets) = @_;
	return encode_base64($self->text(int($octets * 3 / 4)));
}

# The nasty kinds: each returns one whole message as it lies on disk.
my %kind = (
	'plain' => sub { $_[0]->head . "\n" . $_[0]->text($_[1]) },
	'crlf' => sub {
		my $m = $_[0]->head . "\n" . $_[0]->text($_[1]);
		$m =~ s/\n/\r\n/g;
		return $m;
	},
	'mixed-ends' => sub {
		my ($n, $m) = (0, $_[0]->head . "\n" . $_[0]->text($_[1]));
		$m =~ s/\n/$n++ % 3 ? "\n" : "\r\n"/ge;
		return $m;
	},
	'lone-cr' => sub {
		my $m = $_[0]->text($_[1]);
		$m =~ s/ /\r/g;
		return $_[0]->head . "\n$m";
	},
	'no-final-newline' => sub {
		return $_[0]->head . "\n" . $_[0]->text($_[1]) . 'the end';
	},
	'header-only' => sub { $_[0]->head . "\n" },
	'header-unended' => sub { $_[0]->head },
	'latin1-subject' => sub {
		return $_[0]->head(subject => "Gr\xfc\xdfe aus K\xf6ln "
		    . $_[0]{serial}) . "\n" . $_[0]->text($_[1]);
	},
	'utf8-body' => sub {
		return $_[0]->head(more => mime('text/plain; charset=utf-8'))
		    . "\n" . "\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7 " x 20
		    . "\n" . $_[0]->text($_[1]);
	},
	'encoded-subject' => sub {
		return $_[0]->head(subject => '=?UTF-8?B?w6TDtsO8?= =?x?q?')
		    . "\n" . $_[0]->text($_[1]);
	},
	'long-line' => sub {
		my $m = $_[0]->text(300_000);
		$m =~ tr/\n/ /;
		return $_[0]->head . "\n$m\n";
	},
	'long-header' => sub {
		return $_[0]->head(more => 'X-Long: ' . 'x' x 20_000 . "\n")
		    . "\n" . $_[0]->text($_[1]);
	},
	'nested' => sub {
		my ($open, $close) = ('', '');
		for my $n (1 .. 41) {
			$open .= mime("multipart/mixed; boundary=b$n")
			    . "\n--b$n\n";
			$close = "\n--b$n--\n$close";
		}
		return $_[0]->head . $open . mime('text/plain') . "\n"
		    . $_[0]->text($_[1]) . $close;
	},
	'no-closing-boundary' => sub {
		return $_[0]->head(more =>
		    mime('multipart/mixed; boundary=open'))
		    . "\n--open\n\n" . $_[0]->text($_[1]);
	},
	'recipients' => sub {
		return $_[0]->head(to => join ",\n ",
		    map { "Person $_ <p$_\@corpus.test>" } 1 .. 400)
		    . "\n" . $_[0]->text($_[1]);
	},
	'no-message-id' => sub {
		$_[0]{serial}++;
		return $_[0]->head(id => '') . "\n" . $_[0]->text($_[1]);
	},
	'same-message-id' => sub {
		$_[0]{serial}++;
		return $_[0]->head(id => '<same@corpus.test>') . "\n"
		    . $_[0]->text($_[1]);
	},
	'empty-message-id' => sub {
		$_[0]{serial}++;
		return $_[0]->head(id => ' ') . "\n" . $_[0]->text($_[1]);
	},
	'folded-message-id' => sub {
		return $_[0]->head(id => "\n\t<" . 'f' x 10_000
		    . $_[0]{serial}++ . '@corpus.test>')
		    . "\n" . $_[0]->text($_[1]);
	},
	'bad-date' => sub {
		return $_[0]->head(date => 'yesterday, about noon') . "\n"
		    . $_[0]->text($_[1]);
	},
	'attachment' => sub {
		return $_[0]->head(more =>
		    mime('multipart/mixed; boundary=att')) . "\n--att\n\n"
		    . "see below\n--att\nContent-Transfer-Encoding: base64\n\n"
		    . $_[0]->base64_lines($_[1]) . "--att--\n";
	},
	'from-lines' => sub {
		return $_[0]->head . "\nFrom here on\n>From there\n.\n..\n"
		    . $_[0]->text($_[1]);
	},
	'imap-lookalike' => sub {
		return $_[0]->head(subject => 'a1 OK {3} \\* BYE ")' . ' '
		    . $_[0]{serial}) . "\n)\na1 OK done\n"
		    . "* 1 FETCH (UID 9 BODY[] {5}\nhello)\n* BYE\n"
		    . $_[0]->text($_[1]);
	},
	'many-received' => sub {
		return join('', map { "Received: from h$_ by h" . ($_ + 1)
		    . "; x\n" } 1 .. 60) . $_[0]->head . "\n"
		    . $_[0]->text($_[1]);
	},
	'binary' => sub {
		my $m = join '', map { chr } 1 .. 9, 11, 12, 14 .. 255;
		return $_[0]->head . "\n" . "$m\n" x 9 . $_[0]->text($_[1]);
	},
	'bad-header' => sub {
		return "a line without a colon\n" . $_[0]->head . ": empty\n"
		    . "\n" . $_[0]->text($_[1]);
	},
);

my @kinds = sort keys %kind;

sub kinds { @kinds }

# Octets of a body: median 13 kB, one in a hundred (share) of 1 to 10 MB.
sub mixed_size
{
	my ($self, $large) = @_;
	return int(1e6 * 10 ** $self->fraction) if $self->fraction < $large;
	my $normal = 0;
	$normal += $self->fraction for 1 .. 12;
	my $size = int(12_300 * exp(0.95 * ($normal - 6)));
	return $size < 200 ? 200 : $size;
}

# One message as on disk; set: simple (2 to 8 kB), mixed, nasty, KIND.
sub message
{
	my ($self, $set) = @_;
	return ($self->head . "\n" . $self->text(1700 + $self->number(6000)),
	    'plain') if $set eq 'simple';
	my $name = $set;
	$name = $kinds[$self->{turn}++ % @kinds] if $set eq 'nasty';
	$name = $self->number(4) ? 'plain' : $kinds[$self->number(0 + @kinds)]
	    if $set eq 'mixed' || $set eq 'bench-mixed';
	my $size = $self->mixed_size($set eq 'bench-mixed' ? 0.005 : 0.01);
	$size = 500 + $self->number(4000) if $set eq 'nasty';
	$name = 'plain' if $size > 500_000;
	die "no such kind: $name\n" if !$kind{$name};
	return ($kind{$name}->($self, $size), $name);
}

# What a server that stores LF sends: bare LF becomes CRLF.
sub wire
{
	my ($m) = @_;
	return $m =~ s/\n/\r\n/gr if index($m, "\r") == -1;
	return $m =~ s/(?<!\r)\n/\r\n/gr;
}

sub own
{
	my ($self, @paths) = @_;
	chown @{$self->{owner}}[0, 1], @paths if $self->{owner} && $> == 0;
}

sub folder
{
	my ($self, $path) = @_;
	for my $dir ($path, map { "$path/$_" } qw(cur new tmp)) {
		next if -d $dir;
		mkdir $dir, 0700 or die "$dir: $!\n";
		$self->own($dir);
	}
}

# fill(MAILDIR, count => N, set => NAME, uid => FIRST, uidvalidity => V):
# writes the messages, returns their manifest as
# [{ uid, name, sha, size, mtime, kind }].
sub fill
{
	my ($self, $path, %opt) = @_;
	my $uid = $opt{uid} // 1;
	my @list;
	$self->folder($path);
	for my $n (1 .. $opt{count}) {
		my ($disk, $kind) = $opt{content} ? ($opt{content}->($n),
		    'given') : $self->message($opt{set} // 'mixed');
		push @list, $self->write($path, $disk, $kind, $uid++);
	}
	$self->uidlist($path, $opt{uidvalidity} // 1600000000, \@list);
	return \@list;
}

sub write
{
	my ($self, $path, $disk, $kind, $uid) = @_;
	my $wire = wire($disk);
	my $mtime = $EPOCH + 60 * $uid;
	my $name = sprintf '%d.M%dP1.host,S=%d,W=%d', $mtime, ++$self->{file},
	    length $disk, length $wire;
	my $file = "$path/cur/$name:2,";
	Kmaild::Dir::spew($file, $disk);
	utime $mtime, $mtime, $file or die "$file: $!\n";
	$self->own($file);
	return { uid => $uid, name => $name, kind => $kind, mtime => $mtime,
	    size => length $wire, sha => sha256_hex($wire), file => $file };
}

# Says which UIDs the files have; Dovecot's indexes of before go away.
sub uidlist
{
	my ($self, $path, $validity, @lists) = @_;
	my @all = sort { $a->{uid} <=> $b->{uid} } map { @$_ } @lists;
	my $next = @all ? $all[-1]{uid} + 1 : 1;
	my $list = sprintf "3 V%d N%d G%032x\n", $validity, $next, $validity;
	$list .= "$_->{uid} :$_->{name}\n" for @all;
	unlink glob("$path/dovecot.index*"), "$path/dovecot.list.index";
	Kmaild::Dir::spew("$path/dovecot-uidlist", $list, 0600);
	$self->own("$path/dovecot-uidlist");
}

1;
