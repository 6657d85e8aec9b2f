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

# A worker that was taken over asks for what reading does not take: the
# server never hears of it and the session ends.

use Kmaild::Test;
use Kmaild::Takeover;

plan skip_all => 'writing in a worker\'s place needs root'
    if !Kmaild::Takeover::possible();

my $t = Kmaild::Test->new;
my $fake = $t->fake(folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(5) } }, fetch => sub {
	my ($conn, $m, $items) = @_;
	return undef if $m->{uid} != 3 || $items !~ /BODY/i;
	$conn->more while $conn->{buf} !~ /GO-ON/;
	$conn->stall;
    });
my $d = $t->daemon($fake, { conf => "timeout idle 30\n" })->start;
my $n = 0;

# Writes as the worker of a fetch that runs, of an account of its own; what
# the server heard of it, the account's report, and whether it went on.
sub attack
{
	my (@pieces) = @_;
	my $label = 'mail' . ++$n;
	$d->add_account($label, port => $fake->port);
	my $bg = $d->background('sync', $label);
	wait_for { ($fake->received($n) // '') =~ /BODY\.PEEK/ } 20
	    or return ('no session', {});
	my $all;
	wait_for { @{($all = $d->processes)->{fetcher}} == 2 } 5;
	my $relay = Kmaild::Takeover::relay($all->{fetcher}[1],
	    $all->{vault}[0]) or return ('no relay found', {});
	my $before = length $fake->received($n);
	for (@pieces) {
		syswrite $relay, $_;
		sleep 0.02;
	}
	close $relay;
	my $alive = !wait_for {
	    $d->report($label)->{last_sync_status} ne 'running' } 1;
	$d->ctl('account', 'pause', $label) if $alive;
	$d->finished($bg, 20);
	return (substr($fake->received($n), $before), $d->report($label),
	    $alive);
}

my ($heard, $report, $alive) = attack("x1 NOOP\r\n");
like($heard, qr/^x1 NOOP\r\n/, 'a permitted command passes')
    or BAIL_OUT "cannot write as the worker: $heard";
ok($alive, 'and the session lives on');

my @forbidden = (
	"x1 SELECT INBOX\r\n", "x1 select INBOX\r\n",
	"x1 UID STORE 1:* +FLAGS (\\Deleted)\r\n", "x1 STORE 1 FLAGS ()\r\n",
	"x1 EXPUNGE\r\n", "x1 CLOSE\r\n", "x1 DELETE INBOX\r\n",
	"x1 RENAME INBOX a\r\n", "x1 CREATE a\r\n", "x1 SUBSCRIBE a\r\n",
	"x1 APPEND INBOX {3}\r\n", "x1 APPEND INBOX {3+}\r\nabc\r\n",
	"x1 UID COPY 1 a\r\n", "x1 UID MOVE 1 a\r\n", "x1 COPY 1 a\r\n",
	"x1 UID FETCH 1 BODY[]\r\n", "x1 UID FETCH 1 (BODY[TEXT])\r\n",
	"x1 UID FETCH 1 RFC822\r\n", "x1 FETCH 1 (FLAGS)\r\n",
	"x1 SETACL INBOX a lr\r\n", "x1 COMPRESS DEFLATE\r\n",
	"x1 STARTTLS\r\n", "x1 LOGIN a b\r\n", "x1 AUTHENTICATE PLAIN\r\n",
	"x1 XUNKNOWN\r\n", "x1  NOOP\r\nx2 DELETE a\r\n",
	"x1 EXAMINE {5}\r\nINBOX\r\nx2 DELETE a\r\n",
	"x1 EXAMINE \"a\r\nx2 DELETE a\r\n", "\r\nx2 DELETE a\r\n",
	"x1 NOOP\nx2 DELETE a\r\n", "x1 NOOP\0\r\nx2 DELETE a\r\n",
	"x1 IDLE\r\nx2 DELETE a\r\n", 'x' x 20000,
	"x1 ID (\"a\" {2}\r\nbb)\r\nx2 DELETE a\r\n",
);
for my $text (@forbidden) {
	my $shown = substr $text =~ s/\r/\\r/gr =~ s/\n/\\n/gr
	    =~ s/\0/\\0/gr, 0, 50;
	($heard, $report, $alive) = attack($text);
	my $bad = $heard =~ /SELECT|STORE|EXPUNGE|CLOSE|DELETE|RENAME|CREATE|
	    SUBSCRIBE|APPEND|COPY|MOVE|BODY\[|RFC822\b|SETACL|COMPRESS|
	    STARTTLS|LOGIN|AUTHENTICATE|XUNKNOWN|^x1\ FETCH|x{1000}/xi;
	ok(!$bad, "the server does not hear: $shown") or diag $heard;
	ok(!$alive, 'and the session has ended');
	like($report->{last_sync_error} // '', qr/command_forbidden/,
	    'with the reason') or diag explain $report;
}

# Octet by octet the filter says the same.
($heard, $report, $alive) = attack(split //, "x1 DELETE INBOX\r\n");
unlike($heard, qr/DELETE/, 'not in pieces either');
ok(!$alive, 'the session has ended');

$t->done;
