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

# Servers and lines that fail in the middle: what was fetched stays, what
# was not comes next time, nothing twice.

use Kmaild::Test;
use Kmaild::IMAP;
use Kmaild::Proxy;

my $t = Kmaild::Test->new;
my $count = Kmaild::Test::full(800, 4000);
my $server = $t->dovecot(max_connections => 3);
my $corpus = $t->corpus($server);
my $list = $corpus->fill($server->maildir('alice'), count => $count,
    set => 'simple');
$server->start;

my $limits = "timeout idle 2\ntimeout step 4\ntimeout session 60\n";
my %proxy = map { $_ => Kmaild::Proxy->new('127.0.0.1', $server->imaps,
    then => $_, after => 400_000, times => 1) }
    qw(cut reset stall trickle);
my $silent = $t->fake(on => sub { $_[0]->stall });
my $mute = $t->fake(tls => 'none', on => sub { $_[0]->stall });
my $d = $t->daemon($server, $silent, $mute, values %proxy,
    { conf => $limits })->start;

for my $how (sort keys %proxy) {
	$d->add_account($how, port => $proxy{$how}->port);
	my $began = time;
	my ($status, $report) = $d->sync($how);
	isnt($status, 0, "$how: not ok");
	cmp_ok(time - $began, '<', 20, "$how: ends in time");
	cmp_ok($report->{last_sync_imported}, '>', 0,
	    "$how: what came is kept") or diag explain $report;
	isnt($report->{last_sync_status}, 'ok', "$how: status");
	like($report->{last_sync_error}, $how eq 'cut' || $how eq 'reset'
	    ? qr/imap_connection_lost|tls_closed/
	    : qr/timeout_|message_too_slow/, "$how: error");
	my $before = $report->{messages};
	($status, $report) = $d->sync($how);
	is($status, 0, "$how: the next one is ok") or diag explain $report;
	is($report->{last_sync_imported}, $count - $before,
	    "$how: it takes the rest");
	is(compare(stored($d, $how), $list), '', "$how: each once");
}

# The server itself dies.
$d->add_account('killed', port => $server->imaps);
my $bg = $d->background('sync', 'killed');
ok((wait_for { ($d->report('killed')->{messages} // 0) > 0
    || $server->sessions > 0 } 20), 'a fetch runs');
$server->kill;
isnt($d->finished($bg)->{status}, 0, 'server killed: not ok');
my ($status, $report) = $d->sync('killed');
is($report->{last_sync_error}, 'imap_sync_failed connect_refused',
    'nobody listens');
$server->start;
($status, $report) = $d->sync('killed');
is($status, 0, 'server is back: ok') or diag explain $report;
is(compare(stored($d, 'killed'), $list), '', 'each once');

# Servers that say nothing.
for ([ silent => $silent->port ], [ mute => $mute->port ]) {
	my ($name, $port) = @$_;
	$d->add_account($name, port => $port);
	my $began = time;
	($status, $report) = $d->sync($name);
	isnt($status, 0, "$name server");
	like($report->{last_sync_error}, qr/timeout_/, 'timeout')
	    or diag explain $report;
	cmp_ok(time - $began, '<', 15, 'in time');
}

# Too many connections: later, not never.
my @others = map { Kmaild::IMAP->new($server->imaps, $t->pki->ca, 'alice',
    'correct horse') } 1 .. 3;
$d->add_account('crowded', port => $server->imaps);
my $r = $d->ctl('sync', 'crowded');
is($r->{status}, 75, 'one connection too many: deferred') or diag $r->{err};
$report = $d->report('crowded');
is($report->{last_sync_status}, 'deferred', 'status');
like($report->{last_sync_error}, qr/imap_connection_limit/, 'reason');
undef @others;
ok((wait_for { ($d->sync('crowded'))[0] == 0 } 20),
    'and ok when there is room');
ok((wait_for { $server->sessions == 0 } 10),
    'no session is left open on the server');

$t->done;
