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

# Messages that a server cannot or will not deliver, and answers that lie:
# one bad message never holds up the others.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my $messages = Kmaild::FakeIMAP::simple_messages(20);

sub server
{
	my %opt = @_;
	return $t->fake(folders => { INBOX => { uidvalidity => 9,
	    messages => $messages } }, %opt);
}

# Only a whole body is spoilt, never the look at sizes.
sub body_of
{
	my ($uid, $make) = @_;
	return sub {
		my ($conn, $m, $items) = @_;
		return undef if $m->{uid} != $uid || $items !~ /BODY/i;
		return $make->($conn, $m, $items);
	};
}

my %bad = (
	nil => [ body_of(7, sub { "* $_[1]{seq} FETCH (UID 7 BODY[] NIL)\r\n" }),
	    qr/message_empty/ ],
	empty => [ body_of(7, sub { "* $_[1]{seq} FETCH (UID 7 BODY[] \"\")\r\n" }),
	    qr/message_empty/ ],
	bare => [ body_of(7, sub { "* $_[1]{seq} FETCH (UID 7)\r\n" }),
	    qr/message_(?:empty|not_delivered)/ ],
	missing => [ body_of(7, sub { '' }), qr/message_not_delivered/ ],
	bye => [ body_of(7, sub {
		my ($conn) = @_;
		$conn->crlf("$conn->{tag} BAD internal error");
		$conn->crlf('* BYE going down');
		$conn->close;
	    }), qr/message_/ ],
	gone => [ body_of(7, sub {
		my ($conn, $m) = @_;
		$conn->raw("* $m->{seq} FETCH (UID 7 BODY[] {500}\r\nhalf");
		$conn->close;
	    }), qr/message_interrupted/ ],
);
my %server = map { $_ => server(fetch => $bad{$_}[0]) } keys %bad;
$server{no} = server(fetch => body_of(7, sub { '' }), fetched => sub {
	my ($conn, $set, $items) = @_;
	return undef if $items !~ /BODY/i;
	my @uids = map { $_->{uid} } Kmaild::FakeIMAP::chosen($conn, $set);
	return 'NO [SERVERBUG] some messages failed'
	    if grep { $_ == 7 } @uids;
	return undef;
});
$bad{no} = [ undef, qr/message_/ ];

# Answers that are odd but good, or bad altogether.
my %odd = (
	'size-zero' => server(fetch => sub {
		my ($conn, $m, $items) = @_;
		return Kmaild::FakeIMAP::response({ %$m, size => 0 },
		    $items);
	}),
	'size-huge' => server(fetch => sub {
		my ($conn, $m, $items) = @_;
		return Kmaild::FakeIMAP::response({ %$m,
		    size => length($m->{body}) * 1.3 | 0 }, $items);
	}),
	order => server(fetch => sub {
		my ($conn, $m, $items) = @_;
		return undef if $items !~ /BODY/i;
		return "* $m->{seq} FETCH (FLAGS (\\Seen \$x) BODY[] {"
		    . length($m->{body}) . "}\r\n$m->{body} INTERNALDATE "
		    . "\"14-Nov-2023 22:13:20 +0000\" UID $m->{uid})\r\n";
	}),
	unsolicited => server(fetch => sub {
		my ($conn, $m, $items) = @_;
		return "* 3 FETCH (FLAGS (\\Seen))\r\n* 23 EXISTS\r\n"
		    . "* 2 RECENT\r\n* OK [ALERT] hello\r\n"
		    . "* XUNKNOWN (a \"b\" {3}\r\n))) NIL)\r\n"
		    . Kmaild::FakeIMAP::response($m, $items);
	}),
	unasked => server(fetch => sub {
		my ($conn, $m, $items) = @_;
		return undef if $m->{uid} != 5 || $items !~ /BODY/i;
		return "* 99 FETCH (UID 4000 BODY[] {6}\r\nforged)\r\n"
		    . Kmaild::FakeIMAP::response($m, $items);
	}),
);
my %fatal = (
	literal => sub { "* 1 FETCH (UID 1 BODY[] {99999999999999}\r\nx" },
	line => sub { '* OK ' . 'x' x 3_000_000 . "\r\n" },
	nested => sub { '* 1 FETCH (BODYSTRUCTURE ' . '(' x 100_000 },
	nonsense => sub { "\0\1\2 what?\r\n" },
	'uid-zero' => sub { "* 98 FETCH (UID 0 BODY[] {6}\r\nforged)\r\n" },
	zero => sub { "* 0 FETCH (UID 1 BODY[] {3}\r\nabc" . ")" x 9 },
	bye => sub { "* BYE enough\r\n" },
);
my %broken = map { my $f = $fatal{$_};
    $_ => server(fetch => sub {
	my ($conn, $m, $items) = @_;
	return undef if $m->{uid} < 10 || $items !~ /BODY/i;
	$conn->raw($f->());
	$conn->stall;
    }) } keys %fatal;

my $d = $t->daemon(values %server, values %odd, values %broken,
    { conf => "timeout idle 1\ntimeout step 3\n" })->start;

# The first connection lost within a message may be the line's fault: it
# is listed at the second.
for my $name (sort keys %server) {
	$d->add_account($name, port => $server{$name}->port);
	my ($status, $report) = $d->sync($name);
	isnt($status, 0, "$name: not ok");
	is($report->{last_sync_status}, 'partial', "$name: partial");
	for (1 .. 3) {
		last if $report->{waiting};
		($status, $report) = $d->sync($name);
	}
	isnt($status, 0, "$name: still not ok");
	is($report->{messages}, 19, "$name: nineteen are there")
	    or diag explain $report;
	is($report->{waiting}, 1, "$name: one waits");
	my ($w) = $d->request({ op => 'waiting-list', account => $name });
	is($w->{uid}, 7, "$name: it is UID 7");
	like(join(' ', $w->{reason} // '', $w->{detail} // ''), $bad{$name}[1],
	    "$name: reason");
	my $next = $server{$name}->connections + 1;
	$d->sync($name);
	my $heard = $server{$name}->received($next) // '';
	my @asked = $heard =~ /UID FETCH (\S+) \([^)]*BODY\.PEEK/gi;
	is("@asked", '7', "$name: the next sync asks for 7 only");
}

# Three times, then no more; a person can ask again.
$d->sync('nil') for 1 .. 2;
my ($w) = $d->request({ op => 'waiting-list', account => 'nil' });
is($w->{state}, 'quarantined', 'quarantined after three attempts')
    or diag explain $w;
my $last = $server{nil}->connections;
$d->sync('nil');
unlike($server{nil}->received($last + 1) // '', qr/BODY\.PEEK/,
    'it is not asked for again');
like($d->ctl('message', 'waiting', 'nil')->{out}, qr/\b7\b/,
    'message waiting shows it');
is($d->ctl('message', 'waiting', 'retry', 'nil')->{status}, 0, 'retry');
$last = $server{nil}->connections;
$d->sync('nil');
like($server{nil}->received($last + 1) // '', qr/BODY\.PEEK/,
    'after retry it is');
is($d->ctl('message', 'waiting', 'drop', 'nil')->{status}, 0, 'drop');
my ($status, $report) = $d->sync('nil');
is($status, 0, 'dropped: the sync is ok') or diag explain $report;

for my $name (sort keys %odd) {
	$d->add_account($name, port => $odd{$name}->port);
	($status, $report) = $d->sync($name);
	is($status, 0, "$name: ok") or diag explain $report;
	my @bodies = sort map { Digest::SHA::sha256_hex($_->{body}) }
	    @$messages;
	is_deeply([ sort map { $_->{sha} } @{stored($d, $name)} ], \@bodies,
	    "$name: the twenty and nothing else");
}

for my $name (sort keys %broken) {
	my $label = "broken-$name";
	$d->add_account($label, port => $broken{$name}->port);
	my $began = time;
	($status, $report) = $d->sync($label);
	isnt($status, 0, "$label: not ok");
	cmp_ok(time - $began, '<', 15, "$label: in time");
	cmp_ok($report->{messages}, '<', 20, "$label: no forged message");
	isnt($report->{last_sync_error} // '', '', "$label: with a reason");
}

$t->done;
