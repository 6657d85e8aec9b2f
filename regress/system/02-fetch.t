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

# A mailbox of 200 messages over both modes of TLS, byte for byte, and all
# that is said about it.

use Kmaild::Test;
use Kmaild::IMAP;

my $t = Kmaild::Test->new;
my $server = $t->dovecot;
my $corpus = $t->corpus($server);
my $list = $corpus->fill($server->maildir('alice'), count => 170,
    set => 'mixed');
push @$list, @{$corpus->fill($server->maildir('alice'), count => 30,
    set => 'nasty', uid => 500)};
$corpus->uidlist($server->maildir('alice'), 1600000000, $list);
$server->start;
my $imap = Kmaild::IMAP->new($server->imaps, $t->pki->ca, 'alice',
    'correct horse');
my $before = $imap->state('INBOX');

my $d = $t->daemon($server)->start;
$d->add_account('one', port => $server->imaps);
$d->add_account('two', host => 'starttls.test', port => $server->imap,
    tls => 'starttls');

is($d->report('one')->{last_sync_status}, 'never', 'before the first sync');
for my $label (qw(one two)) {
	my $began = time;
	my ($status, $report) = $d->sync($label);
	is($status, 0, "sync $label") or diag explain $report;
	is($report->{last_sync_status}, 'ok', 'last_sync_status');
	is($report->{last_sync_imported}, 200, 'last_sync_imported');
	is($report->{last_sync_duplicates}, 0, 'last_sync_duplicates');
	ok(!defined $report->{last_sync_error}, 'no last_sync_error');
	like($report->{last_sync_at},
	    qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/,
	    'last_sync_at');
	is($report->{messages}, 200, 'messages');
	is($report->{waiting}, 0, 'waiting');
	my $found = stored($d, $label);
	is(compare($found, $list), '', "$label is byte for byte the server's");
	my %uid = map { $_->{sha} => $_ } @$list;
	my @wrong = grep { $_->{folders}[0]{uid} != $uid{$_->{sha}}{uid} }
	    @$found;
	is(scalar @wrong, 0, 'each with its UID');
	my ($status2, $again) = $d->sync($label);
	is($status2, 0, 'second sync');
	is($again->{last_sync_imported}, 0, 'imports nothing');
	is($again->{last_sync_duplicates}, 0, 'no duplicates either');
	is($again->{messages}, 200, 'and there are still 200');
}
is($imap->state('INBOX'), $before, 'nothing changed on the server');

# kmailctl's view.
my $r = $d->ctl('report', 'one');
is($r->{status}, 0, 'kmailctl report') or diag $r->{err};
like($r->{out}, qr/\b200\b/, 'with counts');
my @lines = split /\n/, $d->ctl('message', 'list', 'one')->{out};
is(scalar @lines, 201, 'message list: a header and 200 lines');
my ($item) = grep { ($_->{folders}[0]{uid} // 0) == 1 }
    $d->ctl_json('message', 'list', 'one');
my ($first) = grep { $_->{uid} == 1 } @$list;
ok($item, 'message list -j has folders and UIDs') or BAIL_OUT 'no messages';
is($item->{size}, $first->{size}, 'size');
my @when = gmtime $first->{mtime};
my $when = sprintf '%04d-%02d-%02dT%02d:%02d:%02d', $when[5] + 1900,
    $when[4] + 1, @when[3, 2, 1, 0];
like($item->{internaldate}, qr/^\Q$when\E/, 'INTERNALDATE');
$r = $d->ctl('message', 'show', '-r', 'one', $item->{message});
is(Digest::SHA::sha256_hex($r->{out}), $first->{sha}, 'show -r is exact');
my ($binary) = grep { $_->{kind} eq 'binary' } @$list;
my ($b) = grep { $_->{sha} eq $binary->{sha} } @{stored($d, 'one')};
$r = $d->ctl('message', 'show', 'one', $b->{message});
is($r->{status}, 0, 'show') or diag $r->{err};
unlike($r->{out}, qr/[\x00-\x08\x0b-\x1f\x7f]/,
    'show sends no control characters to the terminal');

# Export.
my $out = "$t->{dir}/maildir";
for (1, 2) {
	$r = $d->ctl('message', 'export', 'one', 'maildir', $out);
	is($r->{status}, 0, "export $_") or diag $r->{err};
	my $count = exported($out);
	is(compare([ map { { sha => $_ } } map { ($_) x $count->{$_} }
	    keys %$count ], $list), '', "export $_ holds each message once");
}
$r = $d->ctl('message', 'export', 'one', 'mbox', "$t->{dir}/mbox");
is($r->{status}, 0, 'export to mbox') or diag $r->{err};
my $mbox = Kmaild::Dir::slurp("$t->{dir}/mbox");
is(scalar(() = $mbox =~ /^From /mg), 200, 'mbox has 200 From lines');

# Through the progress and the event stream.
my @events = map { $_->{code} // $_->{name} // '' } $d->events;
ok(scalar(grep { $_ eq 'sync-finished' } @events) >= 4,
    'events of four syncs') or diag "@events";

# Removal takes all of it away.
sub segments
{
	return scalar @{[ glob $d->state . '/mail/*/*.seg' ]};
}
my $segments = segments();
cmp_ok($segments, '>', 0, 'there are segments');
$r = $d->ctl('account', 'remove', 'one');
isnt($r->{status}, 0, 'remove without -y and without a terminal is refused');
$r = $d->ctl('account', 'remove', '-y', 'one');
is($r->{status}, 0, 'remove') or diag $r->{err};
my @left = grep { $_->{type} eq 'account' }
    $d->request({ op => 'account-list' });
is_deeply([ map { $_->{label} } @left ], ['two'], 'one account is left');
ok((wait_for { segments() < $segments } 20), 'its segments are gone');
is(compare(stored($d, 'two'), $list), '', 'the other one has its mail');

$t->done;
