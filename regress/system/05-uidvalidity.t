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

# UIDVALIDITY changes from A to B and back: nothing is lost, nothing doubled;
# and what a duplicate is.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my $count = Kmaild::Test::full(200, 1000);
my $server = $t->dovecot;
my $corpus = $t->corpus($server);
my $inbox = $server->maildir('alice');
my ($A, $B) = (1600000001, 1700000002);
my $first = $corpus->fill($inbox, count => $count, set => 'simple',
    uidvalidity => $A);
$server->start;
my $d = $t->daemon($server)->start;
$d->add_account('mail', port => $server->imaps);
my ($status, $report) = $d->sync('mail');
is($report->{last_sync_imported}, $count, 'first generation');

# B: everything renumbered, three new ones.
my $new = $corpus->fill($inbox, count => 3, set => 'simple',
    uid => $count + 1);
my $uid = 5;
my @renumbered = map { { %$_, uid => $uid += 2 } } @$new, reverse @$first;
$corpus->uidlist($inbox, $B, \@renumbered);
($status, $report) = $d->sync('mail');
is($status, 0, 'sync of the second generation') or diag explain $report;
is($report->{last_sync_imported}, 3, 'three imported');
is($report->{last_sync_duplicates}, $count, 'the others are known');
is($report->{messages}, $count + 3, 'stored once');

# A again, with three more.
my $newer = $corpus->fill($inbox, count => 3, set => 'simple',
    uid => $count + 4);
$corpus->uidlist($inbox, $A, $first, $new, $newer);
($status, $report) = $d->sync('mail');
is($status, 0, 'sync of the first generation, back again')
    or diag explain $report;
is($report->{last_sync_imported}, 3, 'three imported');
is($report->{last_sync_duplicates}, 3,
    'only what the old generation had not seen is looked at');
is(compare(stored($d, 'mail'), $first, $new, $newer), '',
    'every message exactly once');
my ($folders) = map { $_->{folders} } grep { $_->{sha} eq $first->[0]{sha} }
    @{stored($d, 'mail')};
is(scalar @$folders, 2, 'a message knows both places');

# Duplicates are equal but for trace headers; Message-ID decides nothing.
my $body = "From: a\@a.test\nMessage-ID: <same\@a.test>\n"
    . "Subject: one\n\nbody\n";
my @variants = (
	$body,
	"Received: from elsewhere by here; today\n$body",
	"Return-Path: <x\@y.test>\nDelivered-To: z\@y.test\n"
	    . "Received: from a\n\tby b; yesterday\n$body",
	$body =~ s/body/another body/r,
	$body =~ s/one/two/r,
);
$corpus->fill($server->maildir('alice', 'Variants'),
    count => scalar @variants, content => sub { $variants[$_[0] - 1] });
$d->ctl('account', 'set', 'mail', 'folder', 'Variants');
($status, $report) = $d->sync('mail');
is($report->{last_sync_imported}, 3, 'three different messages')
    or diag explain $report;
is($report->{last_sync_duplicates}, 2, 'two differ in trace headers only');

$t->done;
