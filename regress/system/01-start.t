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

# Start, status, stop; what a wrong configuration and a wrong key say; two
# instances of one ordinary user.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my $pki = $t->pki;

sub new_daemon { $t->daemon(65000, { @_ }) }

# The configuration.
my $d = new_daemon();
my $r = $d->check;
is($r->{status}, 0, '-n: good configuration') or diag $r->{err};
$r = $d->check('-D', 'every=soon');
is($r->{status}, 0, '-n: unused macro') or diag $r->{err};
for ([ "sync evry 5m\n", 'a wrong word' ],
    [ "timeout idle 0\n", 'a number too small' ],
    [ "allow user no-such-user-here { read }\n", 'an unknown user' ],
    [ "account Big-Label {\n}\n", 'a label with capitals' ],
    [ "connect port 70000\n", 'a port too large' ],
    [ "include \"$d->{dir}/missing\"\n", 'a missing include' ],
    [ "ca file \"$d->{dir}/missing\"\n", 'a missing CA file' ],
    [ "state relative\n", 'a relative path' ],
    [ "allow user \"root {\n", 'an open quote' ]) {
	my ($line, $what) = @$_;
	my $bad = new_daemon(conf => $line);
	$r = $bad->check;
	isnt($r->{status}, 0, "-n: $what is an error");
	like($r->{err}, qr{^\Q@{[$bad->conf]}\E:(?:\d+:)? \S}m,
	    "-n: $what: with the file's name") or diag $r->{err};
	$bad->launch;
	ok($bad->wait_gone && $bad->exit_status != 0,
	    "$what: the daemon does not start");
	ok(!-e $bad->state, "$what: and has made nothing");
}

# Not running.
$r = $d->ctl('status');
is($r->{status}, 3, 'kmailctl without a daemon');
like($r->{err}, qr/kmaild/, 'and it says so');
unlike($r->{err}, qr/\bat \S+ line/, 'in words');

# Running.
$d->start;
$r = $d->ctl('status');
is($r->{status}, 0, 'status') or diag $r->{err};
my $all = $d->processes;
for (qw(vault fetcher store session)) {
	is(scalar @{$all->{$_}}, 1, "one $_");
	like($r->{out}, qr/\b$all->{$_}[0]\b/, "status names the pid of $_");
}
my %pids = map { $_->{pid} => 1 } grep { $_->{type} eq 'process' }
    $d->request({ op => 'status' });
is(scalar keys %pids, 5, 'five processes in the status');
is($d->ctl('sta')->{status}, 0, 'words may be shortened');
$r = $d->ctl('stratus');
is($r->{status}, 2, 'a wrong word is a usage error');
like($r->{err}, qr/\bstatus\b/, 'and prints the right ones');
is($d->status('key')->{reason} // 'ok', 'ok', 'key is good');

# A second one on the same state folder.
my $second = new_daemon();
$second->write_conf("# the same state\n");
my $conf = Kmaild::Dir::slurp($second->conf);
$conf =~ s{^state .*}{'state "' . $d->state . '"'}me;
Kmaild::Dir::spew($second->conf, $conf);
$second->launch;
ok($second->wait_gone(30) && $second->exit_status != 0,
    'a second daemon on the same state folder ends');
like($second->log, qr/in use/, 'and says why') or diag $second->log;
is($d->ctl('status')->{status}, 0, 'the first one lives');

# A second one on the same sockets.
my $third = new_daemon();
$conf = Kmaild::Dir::slurp($third->conf);
$conf =~ s{^socket .*}{'socket "' . $d->sock . '"'}me;
Kmaild::Dir::spew($third->conf, $conf);
$third->launch;
ok($third->wait_gone(30) && $third->exit_status != 0,
    'a second daemon on the same sockets ends');
is($d->ctl('status')->{status}, 0, 'the first one still answers');

# Stop, start again.
$r = $d->ctl('stop');
is($r->{status}, 0, 'kmailctl stop') or diag $r->{err};
ok($d->wait_gone && $d->exit_status == 0, 'ends with 0');
is(scalar @{$d->processes->{vault}}, 0, 'no process is left');
ok(!-S $d->sock . '/kmaild.sock' || $d->ctl('status')->{status} == 3,
    'the socket does not answer');
$d->start;
is($d->ctl('status')->{status}, 0, 'started again');

# Two instances of an ordinary user.
my @pair = map { new_daemon(as => Kmaild::Proc::ordinary()) } 1, 2;
$_->start for @pair;
for (@pair) {
	is((stat "/proc/" . $_->pid)[4], Kmaild::Proc::ordinary()->[0],
	    'runs as an ordinary user');
	is($_->ctl({ as => Kmaild::Proc::ordinary() }, 'status')->{status},
	    0, 'and answers that user');
}
is($pair[0]->stop, 0, 'one stops');
is($pair[1]->ctl('status')->{status}, 0, 'the other does not mind');

# Keys.
sub key_state
{
	my ($text, %opt) = @_;
	my $d = new_daemon(key => $text, %opt);
	$d->write_key($text, $opt{mode}) if $opt{mode};
	$d->launch;
	wait_for { $d->answers || $d->gone } 30;
	my $reason = $d->pid ? $d->status('key')->{reason} // 'ok'
	    : 'refused ' . $d->log;
	$d->stop if !$opt{keep};
	return $opt{keep} ? ($d, $reason) : $reason;
}
my $hex = '0123456789abcdef' x 4;
is(key_state($hex), 'ok', '64 hex digits');
is(key_state("$hex\n"), 'ok', 'with a newline');
is(key_state('base64:' . 'A' x 43 . '='), 'ok', 'base64');
like(key_state('base64:' . 'A' x 40 . '=='), qr/email_encryption_key_wrong/,
    'malformed base64');
like(key_state('too short'), qr/email_encryption_key_wrong/,
    'a short pass phrase');
like(key_state($hex, mode => 0644), qr/email_encryption_key|refused.*key/s,
    'a key file that others can read');
is(key_state(undef, env => { EMAIL_ENCRYPTION_KEY => $hex }), 'ok',
    'key of the environment');
like(key_state($hex, env => { EMAIL_ENCRYPTION_KEY => $hex }),
    qr/email_encryption_key|refused/, 'two sources');

my ($keyless, $reason) = key_state(undef, keep => 1);
is($reason, 'email_encryption_key_missing', 'no key');
$keyless->add_account('mail', port => 65000, no_password => 1);
$r = $keyless->ctl({ stdin => "secret\n" }, 'account', 'password', 'mail');
isnt($r->{status}, 0, 'no key: no password is kept');
like($r->{err} . $r->{out}, qr/key/, 'and it says why');
$r = $keyless->ctl('sync', 'mail');
isnt($r->{status}, 0, 'no key: no sync');
like($keyless->report('mail')->{last_sync_error} // '',
    qr/^email_encryption_key_missing/, 'the report says it');
like($keyless->ctl('report')->{out}, qr/email_encryption_key_missing/,
    'kmailctl report too');

# The wrong key overwrites nothing.
my $first = new_daemon(key => $hex)->start;
$first->add_account('mail', port => 65000);
is($first->stop, 0, 'stops');
$first->write_key('f' x 64);
$first->start;
is($first->status('key')->{reason}, 'email_encryption_key_wrong',
    'wrong key');
$r = $first->ctl({ stdin => "other\n" }, 'account', 'password', 'mail');
isnt($r->{status}, 0, 'wrong key: nothing is sealed');
is($first->stop, 0, 'stops');
$first->write_key($hex);
$first->start;
is($first->status('key')->{reason} // 'ok', 'ok', 'right key again');
my ($account) = grep { $_->{label} eq 'mail' }
    $first->request({ op => 'account-list' });
ok($account->{password}, 'the password is still there');

$t->done;
