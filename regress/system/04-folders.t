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

# Folders: patterns, special use, names as servers have them.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my $server = $t->dovecot(layout => 'fs');
my $corpus = $t->corpus($server, seed => 4);
my %folder = (
	'INBOX' => undef, 'Sent' => 'Sent', 'Spam' => 'Spam',
	'Work' => 'Work', 'Work/2025' => 'Work/2025',
	'Work/2025/Q1' => 'Work/2025/Q1', 'Köln' => 'K&APY-ln',
	'A & B' => 'A &- B', 'we"ird' => 'we"ird', 'a\\b' => 'a\\b',
	'100%' => '100%', 'two  spaces ' => 'two  spaces ',
);
my %list;
for my $name (sort keys %folder) {
	my $path = $server->maildir('alice', $folder{$name});
	$list{$name} = $corpus->fill($path, count => 3, set => 'simple');
}
$server->start;
my $d = $t->daemon($server)->start;

sub lists { map { $list{$_} } @_ }

# What an account with these words fetches, as names of folders.
my $n = 0;
sub fetched
{
	my @words = @_;
	my $label = 'f' . ++$n;
	$d->add_account($label, port => $server->imaps,
	    words => [ map { (folder => $_) } @words ]);
	my ($status, $report) = $d->sync($label);
	my %stored = map { $_->{sha} => 1 } @{stored($d, $label)};
	my @found = grep { my $name = $_;
	    3 == grep { $stored{$_->{sha}} } @{$list{$name}} }
	    sort keys %list;
	return wantarray ? (\@found, $status, $report) : \@found;
}

is_deeply(scalar fetched(), ['INBOX'], 'INBOX unless said');
is_deeply(scalar fetched('inbox'), ['INBOX'], 'INBOX in any case');
is_deeply(scalar fetched('*'), [ sort keys %list ], '* is every one');
is_deeply(scalar fetched('Work/%'), ['Work/2025'], '% is one level');
is_deeply(scalar fetched('Work*'), [ 'Work', 'Work/2025', 'Work/2025/Q1' ],
    '* goes deeper');
is_deeply(scalar fetched('\\Sent', '\\Junk'), [ 'Sent', 'Spam' ],
    'special use');
is_deeply(scalar fetched('Köln'), ['Köln'], 'a name in UTF-8');
is_deeply(scalar fetched('K&APY-ln'), ['Köln'], 'or as LIST shows it');
is_deeply(scalar fetched('A & B'), ['A & B'], 'an ampersand');
is_deeply(scalar fetched('we"ird', 'a\\b'), [ 'a\\b', 'we"ird' ],
    'quote and backslash');
is_deeply(scalar fetched('two  spaces '), ['two  spaces '], 'spaces');
my ($found, $status, $report) = fetched('INBOX', 'Nowhere');
is_deeply($found, ['INBOX'], 'a folder that is missing holds up no other');
isnt($status, 0, 'but the sync is not ok');
is($report->{last_sync_status}, 'partial', 'it is partial');
like($report->{last_sync_error}, qr/imap_folder_missing/, 'and says why');

# What exists by the same bytes in two folders is stored once.
my ($f3) = grep { $_->{label} eq 'f3' } map { $d->report($_) } 'f3';
is($f3->{messages}, 3 * keys %list, 'all of them');
my @rows = $d->request({ op => 'account-show', account => 'f3' });
my %shown = map { $_->{folder} => $_ } grep { $_->{type} eq 'folder' }
    @rows;
ok($shown{'A%20&-%20B'}, 'names are shown with octets escaped')
    or diag join ' ', sort keys %shown;
is($shown{'INBOX'}{uidvalidity}, 1600000000, 'UIDVALIDITY is shown');

# set folder
$d->ctl('account', 'set', 'f1', 'folder', 'INBOX', 'folder', 'Sent');
(undef, $report) = $d->sync('f1');
is($report->{last_sync_imported}, 3, 'a folder more, three messages more');

# Servers with names of their own kind.
my $messages = 100;
my %odd = (
	"Inbox" => { uidvalidity => 1 },
	"line\rfeed" => { uidvalidity => 2 },
	'&broken' => { uidvalidity => 3 },
	"\xff\xfe" => { uidvalidity => 4 },
	'x' x 900 => { uidvalidity => 5 },
	'deep.er' => { uidvalidity => 6 },
);
my $from = 1;
for (sort keys %odd) {
	$odd{$_}{messages} = Kmaild::FakeIMAP::simple_messages(2, $from);
	$from += 2;
}
my $lines = '';
for (sort keys %odd) {
	$lines .= "* LIST (\\HasNoChildren) "
	    . ($_ eq 'deep.er' ? '"."' : 'NIL')
	    . ' {' . length($_) . "}\r\n$_\r\n";
}
$lines .= "* LIST (\\Noselect) \"/\" Nothing\r\n";
my $fake = $t->fake(folders => \%odd, list => $lines);
$d->write_conf("connect port ${\ $fake->port}\n");
is($d->ctl('reload')->{status}, 0, 'reload with another port');
$d->add_account('odd', port => $fake->port, words => [ folder => '*' ]);
($status, $report) = $d->sync('odd');
# A name with a control octet could only be said as a literal, which a server
# that refuses it would read as a command: that folder is left and shown.
is($status, 1, 'odd names') or diag explain($report), $fake->all_received;
is($report->{last_sync_imported}, 2 * (keys(%odd) - 1),
    'all but one are fetched');
is($report->{last_sync_status}, 'partial', 'so it is partial');
like($report->{last_sync_error}, qr/imap_folder_refused/, 'and says why');
unlike($fake->all_received, qr/line\rfeed/, 'its name is never sent');
unlike($fake->all_received, qr/EXAMINE "?Nothing/, 'but not \Noselect');
unlike($fake->all_received,
    qr/^\S+ (?:SELECT|STORE|APPEND|CREATE|SUBSCRIBE|EXPUNGE|UID STORE)/mi,
    'nothing that changes the server');

$t->done;
