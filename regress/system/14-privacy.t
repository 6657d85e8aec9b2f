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

# Nothing personal in log and events: no address, subject, host, label or
# name of a folder, however much goes wrong.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my %word = (user => 'zebedee', label => 'yellowlabel', host => 'wombat.test',
    folder => 'Xylophone', subject => 'quokkasubject',
    sender => 'vicuna', body => 'numbatbody', password => 'echidnasecret',
    tenant => 'tapirtenant', server => 'ocelotspeaks');
my $folder = { uidvalidity => 5, messages => [ map { { uid => $_,
    body => "From: $word{sender}\@a.test\r\nSubject: $word{subject}\r\n"
    . "\r\n$word{body} $_\r\n" } } 1 .. 5 ] };
my %mailbox = (user => $word{user}, password => $word{password},
    greeting => "* OK $word{server}", folders => { INBOX => $folder,
    $word{folder} => $folder });
my $good = $t->fake(%mailbox);
my $refusing = $t->fake(%mailbox, login => sub { "NO $word{server}" });
my $poison = $t->fake(%mailbox, fetch => sub {
	my ($conn, $m, $items) = @_;
	return undef if $m->{uid} != 3 || $items !~ /BODY/i;
	$conn->crlf("$conn->{tag} BAD $word{server} $word{subject}");
	$conn->crlf("* BYE $word{server}");
	$conn->close;
});
my $wrong = $t->fake(%mailbox, cert => 'wrong');
my $d = $t->daemon($good, $refusing, $poison, $wrong, {
    conf => "log verbose\n",
    hosts => { $word{host} => ['127.0.0.1'] } })->start;
my %port = (good => $good, refusing => $refusing, poison => $poison,
    wrong => $wrong);
for my $name (sort keys %port) {
	my $label = "$word{label}-$name";
	$d->add_account($label, port => $port{$name}->port,
	    user => $word{user}, password => $word{password},
	    host => $name eq 'wrong' ? $word{host} : 'imap.test',
	    words => [ folder => 'INBOX', folder => $word{folder},
	    tenant => $word{tenant} ]);
	$d->sync($label) for 1 .. 4;
	$d->ctl('account', 'test', $label);
}
$d->ctl('account', 'rename', "$word{label}-good", "$word{label}-new");
$d->ctl('account', 'set', "$word{label}-new", 'user', "$word{user}2");
$d->ctl('message', 'waiting', 'retry', "$word{label}-poison");
$d->ctl('account', 'pause', "$word{label}-poison");
$d->ctl('account', 'remove', '-y', "$word{label}-refusing");
kill 'HUP', $d->pid;
$d->ctl('reload');

my @events = $d->events;
cmp_ok(scalar @events, '>=', 10, 'there are events');
# Labels are added for those who may see them; what is kept has none.
delete $_->{label} for @events;
my $events = join "\n", map { my $e = $_;
    join ' ', map { "$_=" . ($e->{$_} // '') } sort keys %$e } @events;
my $log = $d->log;
cmp_ok(length $log, '>', 500, 'there is a log');
$log =~ s/\Q$t->{dir}\E//g;
for my $what (sort keys %word) {
	unlike($log, qr/\Q$word{$what}\E/i, "no $what in the log");
	unlike($events, qr/\Q$word{$what}\E/i, "no $what in events");
}
unlike($log, qr/imap\.test|127\.0\.0\.1/, 'no host in the log');
unlike($events, qr/imap\.test|127\.0\.0\.1/, 'no host in events');
like($log, qr/[0-9a-f]{32}/, 'but ids');

$t->done;
