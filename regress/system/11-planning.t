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

# When a fetch starts: intervals, pauses after failures, what servers ask
# for, and the operator's word above all.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my %mailbox = (folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(5) } });
my $good = $t->fake(%mailbox);
my $regular = $t->fake(%mailbox);
my $refusing = $t->fake(%mailbox, password => 'another');
my $hanging = $t->fake(on => sub { $_[0]->stall });
my $throttling = $t->fake(%mailbox, fetch => sub {
	my ($conn, $m, $items) = @_;
	return undef if $items !~ /BODY/i || $conn->{number} > 1;
	$conn->crlf("$conn->{tag} BAD Request is throttled. Suggested "
	    . 'Backoff Time: 90000 milliseconds');
	$conn->close;
});
my %code = (
	unavailable => [ 'NO [UNAVAILABLE] later', qr/imap_unavailable/ ],
	inuse => [ 'NO [INUSE] later', qr/imap_unavailable/ ],
	limit => [ 'NO [LIMIT] too many', qr/imap_connection_limit/ ],
	overquota => [ 'NO [OVERQUOTA] enough', qr/imap_throttled/ ],
	throttled => [ 'NO [THROTTLED] slower', qr/imap_throttled/ ],
	expired => [ 'NO [EXPIRED] old', qr/imap_password_expired/ ],
	authz => [ 'NO [AUTHORIZATIONFAILED] no', qr/imap_not_authorized/ ],
);
my %later = map { my $text = $code{$_}[0];
    $_ => $t->fake(%mailbox, login => sub { $text }) } keys %code;
my $d = $t->daemon($good, $regular, $refusing, $hanging, $throttling,
    values %later, { conf => "timeout idle 30\n" })->start;

# Seconds from now until an account is due; undef for never.
sub due_in
{
	my ($label) = @_;
	my $due = $d->report($label)->{next_due} // return undef;
	my ($y, $m, @t) = $due =~ /(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/;
	require Time::Local;
	return Time::Local::timegm(@t[3, 2, 1, 0], $m - 1, $y) - time;
}

# Regularly, with a pause in between.
$d->add_account('regular', port => $regular->port, every => '3s');
ok((wait_for { $regular->connections >= 3 } 30),
    'every 3s: it is fetched by itself') or diag $d->log;
my @times = $regular->times;
my @gaps = map { $times[$_] - $times[$_ - 1] } 1 .. $#times;
note "gaps: @gaps";
is(scalar(grep { $_ < 1.5 || $_ > 9 } @gaps[1 .. $#gaps]), 0,
    'about every three seconds');
is($d->ctl('account', 'pause', 'regular')->{status}, 0, 'pause');
sleep 1;
my $paused_at = $regular->connections;
$d->add_account('never', port => $good->port, every => 'never');
is(due_in('never'), undef, 'every never: not due');

# A hanging server delays nobody.
$d->add_account('hanging', port => $hanging->port);
my $bg = $d->background('sync', 'hanging');
ok((wait_for { $hanging->connections } 10), 'one account hangs');
$d->add_account('good', port => $good->port);
my $began = time;
is(($d->sync('good'))[0], 0, 'another is fetched meanwhile');
cmp_ok(time - $began, '<', 3, 'at once');
is($d->report('hanging')->{last_sync_status}, 'running',
    'and the first still hangs');

# sync while a fetch runs: once more after it.
my $second = $d->background('sync', 'hanging');
sleep 0.5;
is($hanging->connections, 1, 'no second fetch beside the running one');
$d->ctl('account', 'pause', 'hanging');
$d->finished($_, 20) for $bg, $second;

# Three refused passwords, then not again by itself.
$d->add_account('refused', port => $refusing->port, every => '2s');
for my $n (1 .. 3) {
	my ($status, $report) = $d->sync('refused');
	isnt($status, 0, "refused password, sync $n");
	like($report->{last_sync_error}, qr/imap_auth_failed|password_refused/,
	    'reason');
}
my $logins = $refusing->connections;
cmp_ok($logins, '<=', 4, 'a login for each');
sleep 4;
is($refusing->connections, $logins, 'then no automatic try');
like($d->report('refused')->{remedy} // '', qr/kmailctl account password/,
    'the remedy tells what to do');
is(due_in('refused'), undef, 'it is not due');
$d->sync('refused');
is($refusing->connections, $logins + 1, 'the operator may try');
isnt($d->ctl('check')->{status}, 0, 'check is not content');
$d->set_password('refused', 'another');
ok((wait_for { $d->report('refused')->{last_sync_status} eq 'ok' } 20),
    'a new password is tried at once') or diag explain $d->report('refused');
$d->ctl('account', 'pause', 'refused');

# A server's own time.
$d->add_account('throttling', port => $throttling->port, every => '1s');
ok((wait_for { $throttling->connections } 10), 'fetched by itself');
ok((wait_for { $d->report('throttling')->{last_sync_status}
    =~ /deferred|partial|failed/ } 10), 'throttled');
my $due = due_in('throttling');
note "due in $due s";
cmp_ok($due, '>=', 85, 'not before 90 s');
cmp_ok($due, '<=', 150, 'nor much later');
sleep 2;
is($throttling->connections, 1, 'it waits');
is(($d->sync('throttling'))[0], 0, 'sync does not');

# Codes.
for my $name (sort keys %later) {
	$d->add_account($name, port => $later{$name}->port);
	my ($status, $report) = $d->sync($name);
	isnt($status, 0, "$name: not ok");
	like($report->{last_sync_error}, $code{$name}[1], "$name: reason");
	isnt($report->{remedy} // '', '', "$name: remedy");
}

# Pauses grow.
$d->add_account('down', port => $later{unavailable}->port, every => '1s');
ok((wait_for { $d->report('down')->{last_sync_status} eq 'deferred' } 10),
    'a first failure');
my $first = due_in('down');
$d->sync('down') for 1 .. 3;
my $then = due_in('down');
note "due in $first s, later in $then s";
cmp_ok($then, '>', $first, 'the pause grows');
is($regular->connections, $paused_at, 'a paused account stays paused');
is($d->ctl('account', 'resume', 'regular')->{status}, 0, 'resume');
ok((wait_for { $regular->connections > $paused_at } 15),
    'and goes on when resumed');

$t->done;
