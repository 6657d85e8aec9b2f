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

# Messages that a server cannot or will not deliver, and answers that lie:
# one bad message never holds up the others.

# kmailctl as a person and as a script use it.

use Kmaild::Test;
use Digest::SHA qw(sha256_hex);
use Fcntl;
use IO::Socket::UNIX;
use JSON::PP;
use POSIX ();

my $t = Kmaild::Test->new;
my $nasty = "Subject: =?utf-8?Q?=1B]0;own=07?= =?iso-8859-1?Q?J=FCrgen?=\r\n"
    . "From: \x1b[2J\"A\" <a\@a.test>\r\n\r\n"
    . "From here\r\n>From there\r\n>>>From far\r\nFromage\r\n"
    . "\x1b[31mred\x9b0m \xe2\x80\xaegpj.exe\r\nthe end";
my $mails = [ @{Kmaild::FakeIMAP::simple_messages(20)},
    { uid => 21, body => $nasty },
    { uid => 22, body => "Subject: big\r\n\r\n" . 'x' x 200_000 } ];
my $server = $t->fake(folders => {
	INBOX => { uidvalidity => 9, messages => $mails },
	'../../etc' => { uidvalidity => 9, messages => [
	    { uid => 1, body => "Subject: up\r\n\r\nup\r\n" } ] },
	'Entw&APw-rfe' => { uidvalidity => 9, messages => [
	    { uid => 1, body => "Subject: Entwurf\r\n\r\n-\r\n" } ] },
});
my $port = $server->port;
my $d = $t->daemon($server, { conf => "message max-size 100k\n" })->start;

# The command ends with this status, and says so.
sub ends
{
	my ($status, $out, $err, @words) = @_;
	my $r = $d->ctl(@words);
	my $name = join ' ', grep { !ref } @words;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($r->{status}, $status, "$name: exit $status")
	    or diag $r->{out}, $r->{err};
	like($r->{out}, $out, "$name: stdout") if $out;
	like($r->{err}, $err, "$name: stderr") if $err;
	return $r;
}

# ---- words ----

ends(2, undef, qr/right would be: .*account.*monitor/, 'frobnicate');
ends(2, undef, qr/short for several words.*sync status stop\n/, 's');
ends(2, undef, qr/after `account'.*right would be: show set\n/, 'acc', 's');
ends(2, undef, qr/word is missing after `message'.*list show export waiting/,
    'message');
ends(2, undef, qr/usage: kmailctl account show NAME/, 'account', 'show');
ends(2, undef, qr/too many/, 'status', 'now');
ends(2, undef, qr/usage: kmailctl \[-j\]/, '-x');
ends(2, undef, qr/usage: kmailctl/);
ends(0, qr/account add NAME auth password.*message export.*log brief/s, undef,
    'help');
ends(0, qr/\A  message list NAME \[FOLDER\]\n\t.*\n\z/, undef, 'he', 'me',
    'li');
ends(2, undef, qr/right would be/, 'help', 'nothing');
ends(2, undef, qr/not a name/, 'account', 'pass', 'Work');
ends(2, undef, qr/brackets/, qw(account add w auth password user u imap ::1));
ends(2, undef, qr/`imap' is missing/,
    qw(account add w auth password user u));
ends(2, undef, qr/every: `5'.*5m/,
    qw(account add w auth password user u imap h every 5));
ends(2, undef, qr/right would be: maildir mbox/,
    qw(message export w tar /tmp/x));
ends(2, undef, qr/8 to 32 hexadecimal digits/, qw(message show w XYZ));

# Nothing of this needs a daemon; the rest says that there is none.
{
	my @s = ('-s', '/nonexistent');
	my $r = $d->ctl(@s, qw(account add w auth nonsense));
	is($r->{status}, 2, 'usage comes before the connection');
	for my $words ([ 'status' ], [ 'sync' ], [ 'account', 'password',
	    'w' ], [ 'stop' ], [ 'monitor' ]) {
		$r = $d->ctl(@s, @$words);
		is($r->{status}, 3, "@$words without a daemon: exit 3");
		like($r->{err}, qr/not running.*\n\tStart kmaild/,
		    'with the remedy');
	}
	$r = $d->ctl(@s, 'check');
	is($r->{status}, 3, 'check: exit 3');
	like($r->{out}, qr/\AUNKNOWN: .*\n\z/, 'and one line');
}

# ---- accounts ----

ends(0, qr/\Aaccount work: added: alice at imap\.test:$port tls\n/,
    undef, qw(account add work auth password user alice imap),
    "imap.test:$port", qw(every never folder * newest 100));
ends(1, undef, qr/of that name already/,
    qw(account add work auth password user alice imap imap.test));
ends(1, undef, qr/port 77\n\tAdd `connect port 77'/,
    qw(account add w auth password user alice imap imap.test:77));
ends(1, undef, qr/ca: .*: No such file/, qw(account add w auth password
    user alice imap imap.test ca /nonexistent));
ends(1, undef, qr/no certificates/, qw(account add w auth password
    user alice imap imap.test ca /etc/passwd));
ends(1, undef, qr/no such account/, qw(account password nobody));
ends(1, undef, qr/no such account/, qw(account show nobody));

my $r = $d->ctl({ stdin => '' }, qw(account password work));
is($r->{status}, 1, 'an empty password is refused');
$r = $d->ctl({ stdin => "secret\r\n" }, qw(account password work));
is($r->{status}, 1, 'so is a carriage return');
like($r->{err}, qr/carriage return/, 'and named');
$r = $d->ctl({ stdin => 'x' x 1025 . "\n" }, qw(account password work));
is($r->{status}, 1, 'and one that is too long');
$r = $d->ctl({ stdin => "correct horse\nmore\n" }, qw(account password work));
is($r->{status}, 0, 'one line is taken') or diag $r->{err};
like($r->{err}, qr/alice at imap\.test:$port/, 'for whom, is shown');
unlike($r->{out} . $r->{err}, qr/correct/, 'what, is not');

ends(0, qr/tls +ok.*issued by.*valid until.*\nlogin +ok.*\nfolders +ok +3 in /s,
    undef, qw(account test work));
ends(1, qr/work +partial .* 23 +0 +23 +1 /, undef, 'sync', 'work');
ends(0, qr/\nwork: .*message_too_large.*\n\t\w/, undef, 'report', 'work');
ends(2, qr/\ACRITICAL: 1 account.*work: needs a person .*\n\z/, undef,
    'check');

# ---- not fetched ----

ends(0, qr/\ANAME .*\nwork +INBOX +22 .* retry .*message_too_large\n\z/,
    undef, qw(message waiting));
ends(0, qr/done/, undef, qw(message waiting retry work inbox 22));
ends(1, undef, qr/nothing like this/,
    qw(message waiting drop work INBOX 7));
ends(2, undef, qr/UID `x'/, qw(message waiting drop work INBOX x));
ends(0, qr/done/, undef, qw(message waiting drop work INBOX 22));
ends(0, qr/\A\z/, undef, qw(message waiting work));
ends(0, qr/work +ok /, undef, 'sync');
ends(0, qr/\AOK: 1 account/, undef, 'check');

# ---- messages ----

$r = ends(0, undef, undef, qw(message list work));
my @lines = split /\n/, $r->{out};
is(scalar @lines, 24, 'a header and 23 messages');
is((grep { /[\x00-\x1f\x7f-\x9f]/ } map { my $l = $_;
    utf8::decode($l); $l } @lines)[0], undef, 'nothing unsafe in the list');
my ($line) = grep { /J\xc3\xbcrgen/ } @lines;
like($line, qr/\^\[\]0;own\^GJ\xc3\xbcrgen/, 'decoded, then made safe');
my ($id) = $line =~ /^([0-9a-f]{12}) /;
$r = ends(0, undef, undef, qw(message show work), $id);
like($r->{out}, qr/\n\^\[\[31mred\xef\xbf\xbd0m <U\+202E>gpj\.exe\nthe end\n\z/,
    'show is safe');
is(ends(0, undef, undef, qw(message show -r work), $id)->{out}, $nasty,
    'show -r is exact');
my ($object) = $d->ctl_json(qw(message show work), $id);
require MIME::Base64;
is(MIME::Base64::decode_base64($object->{base64}), $nasty,
    'show -j is exact, too');
ends(1, undef, qr/no such message/, qw(message show work 0123456789));
for my $name ("Entw\xc3\xbcrfe", 'Entw&APw-rfe', '../../etc', 'inbox') {
	my $list = ends(0, undef, undef, qw(message list work), $name);
	is(scalar(() = $list->{out} =~ /\n/g), $name eq 'inbox' ? 22 : 2,
	    "folder $name");
}
ends(1, undef, qr/no such folder/, qw(message list work Drafts));

# ---- export ----

my %want = map { sha256_hex($_->{body}) => 1 } grep { $_->{uid} != 22 }
    @$mails;
my $dir = "$t->{dir}/md";
ends(0, qr/23 messages, 23 written/, undef, qw(message export work maildir),
    $dir);
my $have = exported($dir);
is(scalar(grep { $have->{$_} == 1 } keys %want), 21, 'octet for octet');
my @files = glob "$dir/new/*";
is(scalar(grep { !m,/[0-9a-f]{32}\.kmaild$, } @files), 0,
    'named by their ids alone');
is(join(' ', sort map { s,.*/,,r } glob "$dir/* $dir/tmp/*"),
    'cur new tmp', 'and nothing else is made');
rename $files[0], $files[0] =~ s,/new/,/cur/,r . ':2,S' or die $!;
unlink $files[1];
ends(0, qr/23 messages, 1 written/, undef, qw(message export work maildir),
    $dir);
is(scalar @{[ glob "$dir/new/* $dir/cur/*" ]}, 23, 'nothing twice');
mkdir "$t->{dir}/full";
Kmaild::Dir::spew("$t->{dir}/full/letter", 'mine', 0644);
ends(1, undef, qr/holds other things/, qw(message export work maildir),
    "$t->{dir}/full");
is(join(' ', map { s,.*/,,r } glob "$t->{dir}/full/*"), 'letter',
    'and is left alone');

my $mbox = "$t->{dir}/mbox";
ends(0, qr/23 messages/, undef, qw(message export work mbox), $mbox);
# The messages of an mboxrd: what is between separators, unquoted.
sub messages
{
	my @found = split /(?:\A|\n\n|(?<=\n)\n)From [0-9a-f]{32}\@kmaild .*\n/,
	    Kmaild::Dir::slurp($_[0]) . "\n";
	shift @found;
	return map { s/^>(>*From )/$1/gmr =~ s/\n\n\z//r } @found;
}
my %in = map { s/\s+\z//r => 1 } messages($mbox);
is(scalar(grep { $in{$_->{body} =~ s/\s+\z//r} } @$mails), 21,
    'mboxrd gives back what went in');
ends(0, qr/23 messages/, undef, qw(message export work mbox), $mbox);
Kmaild::Dir::spew("$t->{dir}/other", "From me\n", 0644);
ends(1, undef, qr/not written by kmailctl/, qw(message export work mbox),
    "$t->{dir}/other");
is(Kmaild::Dir::slurp("$t->{dir}/other"), "From me\n", 'and is left alone');
symlink "$t->{dir}/nowhere", "$t->{dir}/link";
ends(1, undef, qr/not written by kmailctl/, qw(message export work mbox),
    "$t->{dir}/link");
is(join(' ', glob "$t->{dir}/*.????????"), '', 'no temporary file is left');

# ---- -j ----

for my $words ([ 'status' ], [ 'report' ], [ 'sync' ], [ 'check' ],
    [qw(account list)], [qw(account show work)], [qw(account test work)],
    [qw(account pause work)], [qw(account resume work)],
    [qw(message list work)], [qw(message waiting)], [qw(log brief)],
    [qw(log verbose)], [ 'reload' ],
    [qw(account set work every 1h)], [qw(account rename work werk)],
    [qw(account rename werk work)], [ qw(message export work maildir), $dir ],
    [qw(account show nobody)], [qw(account rename nobody x)],
    [ '-s', '/nonexistent', 'status' ]) {
	my $r = $d->ctl('-j', @$words);
	my @bad = grep { !eval { my $o = decode_json($_);
	    $o->{v} == 1 && $o->{type} ne '' && !exists $o->{id} } }
	    split /\n/, $r->{out};
	is("@bad", '', "-j @$words: objects");
}

# ---- set, rename, remove ----

ends(0, qr/alice at imap\.test:$port tls/, undef,
    qw(account set work folder INBOX));
my ($item) = $d->ctl_json(qw(account show work));
is("@{$item->{folders}}", 'INBOX', 'folders were replaced');
is($item->{newest}, 100, 'newest was left');
ok($item->{password}, 'and the password');
ends(0, qr/alice at other\.test:$port tls/, qr/dropped/,
    qw(account set work imap other.test));
($item) = $d->ctl_json(qw(account show work));
ok(!$item->{password}, 'another host drops the password');
ends(0, qr/imap\.test:$port starttls/, undef,
    qw(account set work imap imap.test starttls));
ends(0, qr/imap\.test:$port tls/, undef, qw(account set work tls));
ends(0, qr/renamed/, undef, qw(account rename work werk));
ends(1, undef, qr/no such account/, qw(account show work));
ends(0, qr/paused/, undef, qw(account pause werk));
ends(0, undef, qr/no account to fetch/, 'sync');
ends(75, qr/werk +deferred, paused/, undef, 'sync', 'werk');
ends(0, qr/resumed/, undef, qw(account resume werk));

# ---- a terminal ----

# The command on a terminal of its own: [ what to wait for, what to type ]
sub terminal
{
	my ($words, @talk) = @_;
	sysopen my $m, '/dev/ptmx', O_RDWR | O_NOCTTY or die "ptmx: $!";
	my $unlocked = pack 'i', 0;
	ioctl $m, 0x40045431, $unlocked or die "TIOCSPTLCK: $!";
	my $n = pack 'I', 0;
	ioctl $m, 0x80045430, $n or die "TIOCGPTN: $!";
	my $pts = '/dev/pts/' . unpack 'I', $n;
	my $pid = fork // die;
	if ($pid == 0) {
		POSIX::setsid();
		open STDIN, '+<', $pts or POSIX::_exit(126);
		open STDOUT, '>&', \*STDIN;
		open STDERR, '>&', \*STDIN;
		exec Kmaild::Daemon::program('kmailctl'), '-s', $d->sock,
		    @$words or POSIX::_exit(127);
	}
	my $seen = '';
	local $SIG{ALRM} = sub { die "terminal: no answer: $seen\n" };
	alarm 30;
	while (1) {
		while (@talk && $seen =~ $talk[0][0]) {
			sleep 0.2;
			syswrite $m, (shift @talk)->[1];
		}
		last if !sysread $m, $seen, 4096, length $seen;
	}
	waitpid $pid, 0;
	alarm 0;
	return { status => $? & 127 ? 128 + ($? & 127) : $? >> 8,
	    out => $seen };
}

SKIP: {
	skip 'no /dev/ptmx of Linux', 12 if $^O ne 'linux';
	$r = terminal([qw(account password werk)],
	    [ qr/Password of alice at imap\.test:$port: /,
	    "correct horse\n" ]);
	is($r->{status}, 0, 'password on a terminal') or diag $r->{out};
	unlike($r->{out}, qr/correct/, 'without echo');
	$r = terminal([qw(account password werk)],
	    [ qr/Password of/, "\cC" ]);
	is($r->{status}, 130, 'interrupted at the prompt');
	$r = terminal(['sync']);
	is($r->{status}, 1, 'sync on a terminal: anew, so it is partial');
	like($r->{out}, qr/\r.*sync.*\r\e\[K/s, 'shows and wipes its line');
	$r = terminal([qw(message show werk), $id]);
	unlike($r->{out}, qr/\e/, 'no escape reaches the terminal');
	$r = terminal([qw(account remove werk)], [ qr/\[y\/N\]/, "n\n" ]);
	is($r->{status}, 1, 'remove: no is no');
	ends(0, qr/werk/, undef, qw(account list));
	$r = terminal([qw(account remove werk)], [ qr/\[y\/N\]/, "y\n" ]);
	is($r->{status}, 0, 'remove: yes is yes');
	like($r->{out}, qr/all its mail/, 'and what goes was said');
	ends(1, undef, qr/no such account/, qw(account show werk));
}

# ---- the daemon ----

my $conf = Kmaild::Dir::slurp($d->conf);
Kmaild::Dir::spew($d->conf, "${conf}nonsense\n", 0600);
$d->own($d->conf);
ends(1, undef, qr/kmaild\.conf:\d+: .*\n\tNothing was changed/, 'reload');
Kmaild::Dir::spew($d->conf, $conf, 0600);
$d->own($d->conf);
ends(0, qr/reloaded/, undef, 'reload');
ends(0, qr/verbose/, undef, 'log', 'v');

# A vault of another build: M_HELLO with its text.
{
	mkdir "$t->{dir}/old";
	my $s = IO::Socket::UNIX->new(Local => "$t->{dir}/old/vault.sock",
	    Listen => 1) or die $!;
	my $pid = fork // die;
	if ($pid == 0) {
		my $c = $s->accept;
		syswrite $c, pack('LLLLa64L', 1, 16 + 68, 0, 0, 'older', 2);
		sysread $c, my $buf, 4096;
		POSIX::_exit(0);
	}
	my $r = $d->ctl('-s', "$t->{dir}/old", qw(account rename a b));
	is($r->{status}, 1, 'another build: exit 1');
	like($r->{err}, qr/another build.*\n\tRestart kmaild/, 'and why');
	waitpid $pid, 0;
}

$t->done;
