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


# The parent: what it makes, whom it starts again, what it refuses.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my $fake = $t->fake(folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(2) } });

sub command
{
	my ($d, @words) = @_;
	return run({ env => $d->environment, as => $d->{as}, timeout => 60 },
	    Kmaild::Daemon::program('kmaild'), '-f', $d->conf, @words);
}

# What was understood parses again to the same.
my $d = $t->daemon($fake, { conf => "account a {\n\ttimeout idle 5m\n}\n",
    hosts => { 'later.wild.test' => ['127.0.0.9'] } });
my $first = command($d, '-nn');
is($first->{status}, 0, '-nn') or diag $first->{err};
Kmaild::Dir::spew("$d->{dir}/again.conf", $first->{out}, 0600);
my $again = run({ env => $d->environment }, Kmaild::Daemon::program('kmaild'), '-nn',
    '-f', "$d->{dir}/again.conf");
is($again->{out}, $first->{out}, 'the printed form says the same');

# Start in the background: the exit status tells whether it works.
sub background
{
	return command($d, '-L', Kmaild::Dir::build());
}
my $r = background();
is($r->{status}, 0, 'a start in the background') or diag $r->{err};
my $pid = $d->status('process', 'parent')->{pid};
ok($d->answers, 'returns when the sockets answer');
$r = background();
is($r->{status}, 1, 'a second start');
like($r->{err}, qr/in use/, 'says that the first one runs');
ok($d->answers, 'and leaves it alone');
kill 'TERM', $pid;
ok((wait_for { my $p = Kmaild::Proc::proc_stat($pid);
    !$p || $p->{state} eq 'Z' } 20), 'SIGTERM stops it');
ok(!-e $d->sock . '/kmaild.sock', 'the socket is gone');
$r = command($d, '-L', "$d->{dir}/nothing");
is($r->{status}, 1, 'no programs');
like($r->{err}, qr{nothing/kmaild-}, 'says which is missing');

# Programs of another build, as in the middle of an upgrade.
mkdir "$d->{dir}/build" or die;
symlink Kmaild::Daemon::program($_), "$d->{dir}/build/$_"
    for qw(kmaild-vault kmaild-vault-session kmaild-store);
Kmaild::Dir::spew("$d->{dir}/build/kmaild-fetcher", "#!/bin/sh\nexit 75\n",
    0755);
$r = command($d, '-L', "$d->{dir}/build");
is($r->{status}, 75, 'another build: exit status 75');
like($r->{err}, qr/another build/, 'another build: says so');

# What others may not touch.
sub refused
{
	my ($what, $like) = @_;
	my $got = command($d, '-d', '-L', Kmaild::Dir::build());
	is($got->{status}, 1, "$what: refused");
	like($got->{err}, $like, "$what: says what to do");
}
chmod 0777, $d->state;
refused('an open state folder', qr/chmod 7/);
chmod $> == 0 ? 0711 : 0700, $d->state;
chmod 0755, $d->state . '/vault';
refused('an open vault folder', qr/chmod 700/);
chmod 0700, $d->state . '/vault';
chmod 0666, $d->conf;
refused('a configuration that all can write', qr/chmod go-w/);
chmod 0600, $d->conf;
Kmaild::Dir::spew($d->sock . '/kmaild.sock', 'precious', 0600);
refused('a file in place of the socket', qr/not a socket/);
is(Kmaild::Dir::slurp($d->sock . '/kmaild.sock'), 'precious',
    'and the file is still there');
unlink $d->sock . '/kmaild.sock';
open my $lock, '>', $d->state . '/lock' or die;
flock $lock, 2;
refused('a state folder in use', qr/state folder .* is in use/);
close $lock;

# The environment: neither the key, nor anything for the others.
my $secret = 'c0ffee' x 10 . 'c0de';
my $e = $t->daemon($fake, { key => undef,
    env => { EMAIL_ENCRYPTION_KEY => $secret, LD_DEBUG_NOT => 'x' } })->start;
is($e->status('key')->{reason} // 'ok', 'ok', 'a key in the environment');
like($e->log, qr/warning.*EMAIL_ENCRYPTION_KEY/, 'gets a warning');
SKIP: {
	skip 'only root may look into the environment of others', 2
	    if $> != 0;
	unlike(Kmaild::Dir::slurp('/proc/' . $e->pid . '/environ'),
	    qr/\Q$secret\E/, 'is overwritten in the parent');
	my %all = %{$e->processes};
	my @env = map { split /\0/, Kmaild::Dir::slurp("/proc/$_/environ") }
	    map { @$_ } @all{qw(vault session fetcher store)};
	is_deeply([ grep { !/^PATH=/ } @env ], [],
	    'the others have a path and nothing else');
}
is($e->ctl('reload')->{status}, 0, 'a reload');
is($e->status('key')->{reason} // 'ok', 'ok', 'keeps that key');
$e->write_key("another pass phrase, long enough\n");
$e->{key} = 1;
$e->write_conf;
$r = $e->ctl('reload');
isnt($r->{status}, 0, 'a second source at reload is refused');
like($r->{err}, qr/more than one source/, 'says so');
is($e->status('key')->{reason} // 'ok', 'ok', 'and the first one stays');
is($e->stop, 0, 'stops');

# Old sockets, as kill -9 leaves them.
$d->start;
$d->kill_all;
ok(-S $d->sock . '/kmaild.sock', 'old sockets are there');
$d->start;
ok($d->answers, 'and make way');

# The network side is started again, with growing pauses.
for my $name (qw(fetcher session)) {
	my $shown = $name eq 'session' ? 'vault-session' : $name;
	for my $n (1 .. 3) {
		my $old = $d->processes->{$name}[0];
		kill 'KILL', $old;
		ok((wait_for { my $s = $d->status('process', $shown);
		    $s->{state} eq 'running' && $s->{pid} != $old } 10),
		    "$name: started again, $n");
		is($d->status('process', $shown)->{restarts}, $n,
		    "$name: counted");
	}
	like($d->log, qr/$shown was killed by signal 9/, 'logged');
	my @pauses = $d->log =~ /$shown is started again in (\d+) ms/g;
	is("@pauses", '100 200 400', "$name: ever later");
}
$d->add_account('mail', port => $fake->port);
is(($d->sync('mail'))[0], 0, 'and all is connected again')
    or diag explain $d->report('mail');

# Refused at reload, with everything as before.
my %before = map { $_ => $d->processes->{$_}[0] } qw(vault store session);
sub reload_refused
{
	my ($what, $extra, $like) = @_;
	$d->write_conf($extra);
	my $got = $d->ctl('reload');
	isnt($got->{status}, 0, "reload, $what: refused");
	like($got->{err}, $like, "reload, $what: says why");
	$d->write_conf('');
}
Kmaild::Dir::spew("$d->{dir}/garbage", "no certificate\n", 0644);
reload_refused('a CA file without certificate', "ca file "
    . "\"$d->{dir}/garbage\"\n", qr/garbage: there is no PEM certificate/);
my $base = Kmaild::Dir::slurp($d->conf);
Kmaild::Dir::spew($d->conf, $base =~ s{^(state ".*)"}{$1x"}mr, 0600);
$r = $d->ctl('reload');
isnt($r->{status}, 0, 'reload, another state folder: refused');
like($r->{err}, qr/with a restart/, 'says why');
Kmaild::Dir::spew($d->conf, $base, 0600);
chmod 0644, "$d->{dir}/key";
$r = $d->ctl('reload');
isnt($r->{status}, 0, 'reload, an open key file: refused');
like($r->{err}, qr/chmod 600/, 'says why');
chmod 0600, "$d->{dir}/key";
is($d->status('key')->{reason} // 'ok', 'ok', 'the key is still good');
is($d->ctl('reload')->{status}, 0, 'a good reload');
is($d->processes->{$_}[0], $before{$_}, "$_ was not replaced")
    for sort keys %before;

# The hosts file may change at any time.
$d->add_account('later', host => 'later.wild.test', port => $fake->port);
isnt(($d->sync('later'))[0], 0, 'a host that is not there');
my $hosts = Kmaild::Dir::slurp("$d->{dir}/hosts") =~ s/127.0.0.9/127.0.0.1/r;
Kmaild::Dir::spew("$d->{dir}/hosts.new", $hosts, 0644);
rename "$d->{dir}/hosts.new", "$d->{dir}/hosts";
ok((wait_for { ($d->sync('later'))[0] == 0 } 20),
    'is reached once the hosts file is right');

# Without vault or store there is nothing to supervise.
for my $name (qw(vault store)) {
	my @all = map { @$_ } values %{$d->processes};
	kill 'KILL', $d->processes->{$name}[0];
	ok($d->wait_gone, "$name dies: all stops");
	is($d->exit_status, 1 << 8, 'with exit status 1');
	like($d->log, qr/cannot go on without $name/, 'says why');
	ok((wait_for { !grep { Kmaild::Proc::proc_stat($_) } @all } 5),
	    'no process is left');
	$d->start;
}

$t->done;
