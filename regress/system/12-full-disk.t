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

# The disk fills up: fetching pauses, nothing is lost or half-written, and
# goes on by itself when there is room.

use Kmaild::Test;

plan skip_all => 'mounting a small file system needs root' if $> != 0;

my $t = Kmaild::Test->new;
my $server = $t->dovecot;
my $corpus = $t->corpus($server);
my $list = $corpus->fill($server->maildir('alice'), count => 1500,
    set => 'simple');
$server->start;
my @mounts;

sub mount
{
	my ($dir, $size) = @_;
	mkdir $dir;
	my $r = run({}, 'mount', '-t', 'tmpfs', '-o',
	    "size=$size,mode=711", 'kmaild-test', $dir);
	push @mounts, $dir if $r->{status} == 0;
	return $r->{status} == 0;
}

END {
	my $code = $?;
	run({}, 'umount', '-l', $_) for @mounts;
	$? = $code;
}

for my $case ([ reserve => "reserve 1M\n", qr/^store_full/ ],
    [ enospc => "reserve 1\n", qr/store_(?:full|error)/ ]) {
	my ($name, $conf, $reason) = @$case;
	my $d = $t->daemon($server, { conf => $conf });
	SKIP: {
		mount($d->state, '5m')
		    or skip 'mount is not permitted here', 1;
		$d->start;
		$d->add_account('mail', port => $server->imaps);
		my ($status, $report) = $d->sync('mail', 60);
		isnt($status, 0, "$name: not ok");
		like($report->{last_sync_error}, $reason, "$name: reason")
		    or diag explain $report;
		my $found = stored($d, 'mail');
		my %have = map { $_->{sha} => 1 } @$found;
		cmp_ok(scalar @$found, '<', 1500, "$name: not all fit");
		is(scalar(grep { $have{$_->{sha}} } @$list),
		    scalar @$found, "$name: what is there is whole");
		is($d->ctl('status')->{status}, 0, "$name: daemon answers");
		$d->sync('mail');
		run({}, 'mount', '-o', 'remount,size=64m', $d->state);
		ok((wait_for { ($d->sync('mail'))[0] == 0 } 30),
		    "$name: with room it goes on")
		    or diag explain $d->report('mail');
		is(compare(stored($d, 'mail'), $list), '',
		    "$name: every message exactly once");
		$t->alive($d);
		is($d->stop, 0, "$name: stops");
	}
}

$t->done;
