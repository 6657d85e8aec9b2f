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

# kill -9 at random moments, one process or all of them: afterwards every
# message is there exactly once.

use Kmaild::Test;

my $rounds = Kmaild::Test::full(20, 300);
my $seed = $ENV{KMAILD_SEED} // time ^ $$;
my $each = Kmaild::Test::full(200, 80);
my $t = Kmaild::Test->new;
my $server = $t->dovecot;
my $corpus = $t->corpus($server);
my $inbox = $server->maildir('alice');
my $list = $corpus->fill($inbox, count => $each, set => 'simple');
$server->start;
my $d = $t->daemon($server)->start;
$d->add_account('mail', port => $server->imaps);
note "seed $seed";
srand $seed;

my @kinds = qw(vault store fetcher session worker child parent all);
my (%killed, %ended);
my $restarts = 0;

# The processes of one kind that live just now.
sub pids
{
	my ($kind) = @_;
	my $all = $d->processes;
	my %of = (worker => $all->{fetcher}, child => $all->{session});
	return @{$of{$kind}}[1 .. $#{$of{$kind}}] if $of{$kind};
	return map { @$_ } values %$all if $kind eq 'all';
	return grep { defined } $all->{$kind}[0];
}

for my $round (1 .. $rounds) {
	my $more = $corpus->fill($inbox, count => $each, set => 'simple',
	    uid => $list->[-1]{uid} + 1);
	push @$list, @$more;
	$corpus->uidlist($inbox, 1600000000, $list);
	my $kind = $kinds[rand @kinds];
	my $bg = $d->background('sync', 'mail');
	sleep rand 0.15;
	my @pids;
	wait_for { @pids = pids($kind) } 0.5;
	sleep rand 0.03;
	kill 'KILL', @pids;
	$killed{$kind}++ if @pids;
	my $ended = $d->finished($bg, 60);
	$ended{$ended->{status}}++;
	wait_for { $d->gone } $kind =~ /vault|store|parent|all/ ? 10 : 0.05
	    if @pids;
	if ($d->gone) {
		$restarts++;
		is($kind =~ /vault|store|parent|all/ ? 1 : 0, 1,
		    "round $round: all stops after $kind only if it must");
		wait_for { !grep { Kmaild::Proc::proc_stat($_) } @pids } 5;
		$d->start;
	}
	# comparing takes as long as there are messages: not more than ten times
	next if $round % Kmaild::Test::full(10, 30);
	wait_for { 5 == grep { $_->{type} eq 'process'
	    && $_->{state} eq 'running' } $d->request({ op => 'status' }) }
	    30;
	my ($status, $report) = $d->sync('mail', 120);
	is($status, 0, "round $round: a sync in peace is ok")
	    or diag explain $report;
	is(compare(stored($d, 'mail'), $list), '',
	    "round $round: " . @$list . ' messages, each once');
}
my $total = 0;
$total += $_ for values %killed;
note join ', ', "$rounds rounds", "$total kills", "$restarts restarts",
    map { "$_ $killed{$_}" } sort keys %killed;
note 'kmailctl ended with ' . join ', ',
    map { "$_ ($ended{$_} times)" } sort keys %ended;
cmp_ok($total, '>', $rounds / 3, 'enough of the kills hit something');
is($d->report('mail')->{waiting}, 0, 'nothing waits');

$t->done;
