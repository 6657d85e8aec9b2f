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

# Many messages, a huge message, and memory all the while.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my $count = Kmaild::Test::full(2_000, 20_000);
my $MB = 1 << 20;
my $server = $t->dovecot;
my $corpus = $t->corpus($server);
my $list = $corpus->fill($server->maildir('alice'), count => $count,
    set => 'simple');
$server->start;
# A pass phrase takes memory of its own at start.
my $d = $t->daemon($server, { key => '0123456789abcdef' x 4 })->start;
$d->add_account('mail', port => $server->imaps);

# Samples memory while a sync runs; its exit code, and the highest sum and
# peak seen: of PSS where we may read it, else of resident sets.
sub watched
{
	my ($label) = @_;
	my $bg = $d->background('sync', $label);
	my (%peak, $sum, $shared, $status);
	wait_for {
		my $m = $d->memory;
		my $now = 0;
		for (values %$m) {
			$peak{$_->{name}} = $_->{peak} if defined $_->{peak}
			    && $_->{peak} > ($peak{$_->{name}} // 0);
			$now += $_->{pss} // 0;
		}
		$sum = $now if $now > ($sum // 0);
		$status = Kmaild::Proc::reap($bg->{pid}, 0);
		return defined $status;
	} 300;
	return ($status, $sum, \%peak);
}

sub small_enough
{
	my ($peak) = @_;
	for (sort keys %$peak) {
		note sprintf '%s at most %.1f MB', $_, $peak->{$_} / $MB;
		cmp_ok($peak->{$_}, '<', 64 * $MB, "$_ below 64 MB")
		    if !Kmaild::Test::sanitized();
	}
}

my ($status, $sum, $peak) = watched('mail');
my $report = $d->report('mail');
is($status, 0, "sync of $count messages") or diag explain $report;
is($report->{last_sync_imported}, $count, "$count imported");
is(compare(stored($d, 'mail'), $list), '', 'each exactly once');
small_enough($peak);
SKIP: {
	skip 'PSS of other users: needs root', 1 if !$sum;
	skip 'a sanitizer build takes more memory', 1
	    if Kmaild::Test::sanitized();
	note sprintf 'all together at most %.1f MB PSS', $sum / $MB;
	cmp_ok($sum, '<', 40 * $MB, 'all together below 40 MB');
}

# 200 MB in one message, after and before small ones.
my $size = 200 * $MB;
my $dir = $server->maildir('alice', 'Huge');
my $small = $corpus->fill($dir, count => 2, set => 'simple');
my $huge = $corpus->fill($dir, count => 1, uid => 3, content => sub {
	return $corpus->head . "\n" . $corpus->text($MB) x 200 });
my $more = $corpus->fill($dir, count => 2, set => 'simple', uid => 4);
$corpus->uidlist($dir, 1600000000, $small, $huge, $more);
$d->add_account('huge', port => $server->imaps,
    words => [ folder => 'Huge' ]);
my $began = time;
($status, $sum, $peak) = watched('huge');
note sprintf '%.1f s', time - $began;
$report = $d->report('huge');
is($status, 0, 'sync of a huge message') or diag explain $report;
is($report->{last_sync_imported}, 5, 'with its neighbours');
small_enough($peak);
my ($item) = grep { $_->{size} > $size }
    $d->ctl_json('message', 'list', 'huge');
my $r = run({ env => $d->environment, timeout => 120 }, 'sh', '-c',
    Kmaild::Daemon::program('kmailctl') . ' -s ' . $d->sock
    . " message show -r huge $item->{message} | openssl dgst -sha256 -r");
like($r->{out}, qr/^$huge->[0]{sha}\b/, 'it comes out as it went in');

# What a further connection costs: a session child and a worker.
my $n = 6;
my $holding = $t->fake(folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(2) } }, fetch => sub {
	$_[0]->stall if $_[2] =~ /BODY/i;
	return undef;
    });
$d->write_conf("connect port ${\ $holding->port}\n");
is($d->ctl('reload')->{status}, 0, 'reload');
$d->add_account("hold$_", port => $holding->port) for 1 .. $n;
my @bg = map { $d->background('sync', "hold$_") } 1 .. $n;
ok((wait_for { $n == grep { ($holding->received($_) // '')
    =~ /BODY\.PEEK/ } 1 .. $n } 30), "$n sessions are held");
SKIP: {
	my ($m, $all) = ($d->memory, $d->processes);
	my @pids = map { @{$all->{$_}}[1 .. $n] } qw(fetcher session);
	my $private = 0;
	$private += $m->{$_}{private} // 0 for @pids;
	skip 'private memory of other users: needs root', 1 if !$private;
	skip 'a sanitizer build takes more memory', 1
	    if Kmaild::Test::sanitized();
	note sprintf '%.2f MB private for each connection',
	    $private / $n / $MB;
	cmp_ok($private / $n, '<', 1.5 * $MB,
	    'less than 1.5 MB for each further connection');
}
$holding->stop;
$d->finished($_, 20) for @bg;

# Over the limit: on the list, and in nobody's way.
$dir = $server->maildir('alice', 'Large');
$small = $corpus->fill($dir, count => 2, set => 'simple');
my $large = $corpus->fill($dir, count => 1, uid => 3, content => sub {
	return $corpus->head . "\n" . $corpus->text($MB) x 3 });
$more = $corpus->fill($dir, count => 2, set => 'simple', uid => 4);
$corpus->uidlist($dir, 1600000000, $small, $large, $more);
$d->write_conf("message max-size 2M\n");
is($d->ctl('reload')->{status}, 0, 'reload');
$d->add_account('limit', port => $server->imaps,
    words => [ folder => 'Large' ]);
($status, $report) = $d->sync('limit');
isnt($status, 0, 'a message over max-size: not ok');
is($report->{last_sync_status}, 'partial', 'but partial');
is($report->{last_sync_imported}, 4, 'the others are there');
is($report->{waiting}, 1, 'one waits');
my ($waiting) = $d->request({ op => 'waiting-list', account => 'limit' });
is($waiting->{uid}, 3, 'that one');
like($waiting->{reason} . ($waiting->{detail} // ''), qr/message_too_large/,
    'with the reason');
$d->write_conf('');
is($d->ctl('reload')->{status}, 0, 'reload');
$r = $d->ctl('message', 'waiting', 'retry', 'limit');
is($r->{status}, 0, 'waiting retry') or diag $r->{err};
($status, $report) = $d->sync('limit', 120);
is($status, 0, 'then it is fetched') or diag explain $report;
is($report->{waiting}, 0, 'and nothing waits');

$t->done;
