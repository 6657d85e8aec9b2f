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

# One kmaild of a test: its own configuration, key, state folder, sockets
# and log, run by hand from the build folder.
#
# new(DIR, ca => FILE, ports => [..], hosts => { NAME => [ADDRESS ..] },
#     key => TEXT or undef for none, conf => "more lines\n",
#     env => { NAME => VALUE }, as => Kmaild::Proc::ordinary)
package Kmaild::Daemon;

use strict;
use warnings;
use IO::Socket::UNIX;
use JSON::PP;
use Kmaild::Dir;
use Kmaild::Proc qw(wait_for spawn descendants ordinary);

my $json = JSON::PP->new->utf8;

# Who a daemon that root starts becomes.
my @roles = qw(vault tls net oauth store);

sub new
{
	my ($class, $dir, %opt) = @_;
	mkdir $dir or die "$dir: $!\n";
	mkdir "$dir/sock" or die "$dir/sock: $!\n";
	chmod 0755, $dir, "$dir/sock";
	my $self = bless { %opt, dir => $dir, extra => $opt{conf} // '' },
	    $class;
	$self->own($dir, "$dir/sock");
	$self->{key} = 'a pass phrase for tests, long enough'
	    if !exists $opt{key};
	$self->write_key($self->{key}) if defined $self->{key};
	$self->write_conf;
	return $self;
}

sub own
{
	my ($self, @paths) = @_;
	chown @{$self->{as}}[0, 1], @paths if $self->{as} && $> == 0;
}

sub dir { $_[0]{dir} }
sub state { "$_[0]{dir}/state" }
sub sock { "$_[0]{dir}/sock" }
sub conf { "$_[0]{dir}/kmaild.conf" }
sub log { Kmaild::Dir::slurp("$_[0]{dir}/log") // '' }
sub pid { $_[0]{pid} }

sub write_key
{
	my ($self, $key, $mode) = @_;
	$self->own(Kmaild::Dir::spew("$self->{dir}/key", $key,
	    $mode // 0600));
}

# Users for a daemon of root: those of an installation when they exist,
# otherwise whichever the system has; each role needs one of its own.
sub users
{
	my ($self) = @_;
	return '' if $> != 0 || $self->{as} || !grep { !getpwnam("_kmaild_$_") } @roles;
	my @spare = grep { my @pw = getpwnam($_); @pw && $pw[2] && $pw[3] }
	    qw(daemon bin sys games man mail news proxy backup list irc);
	die "too few users for a daemon started by root\n" if @spare < @roles;
	return join '', map { "user $_ " . shift(@spare) . "\n" } @roles;
}

sub write_conf
{
	my ($self, $extra) = @_;
	my $dir = $self->{dir};
	$self->{extra} = $extra if defined $extra;
	my $text = "state \"$dir/state\"\nsocket \"$dir/sock\"\n"
	    . $self->users;
	$text .= "key file \"$dir/key\"\n" if defined $self->{key};
	$text .= "ca file \"$self->{ca}\"\n" if defined $self->{ca};
	$text .= "connect port $_\n" for @{$self->{ports} // []};
	if ($self->{hosts}) {
		my $hosts = $self->{hosts};
		my $lines = join '', map { my $name = $_;
		    map { "$_ $name\n" } @{$hosts->{$name}} }
		    sort keys %$hosts;
		Kmaild::Dir::spew("$dir/hosts", $lines, 0644);
		$text .= "resolver {\n\thosts \"$dir/hosts\"\n"
		    . "\tnameserver 127.0.0.1 port "
		    . ($self->{dns} // 9) . "\n}\n";
	}
	$self->own(Kmaild::Dir::spew($self->conf, $text . $self->{extra},
	    0600));
}

sub program { Kmaild::Dir::build() . "/$_[0]" }

sub environment
{
	my ($self) = @_;
	my %env = map { $_ => $ENV{$_} } grep { defined $ENV{$_} }
	    qw(PATH HOME TERM ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS);
	return { %env, %{$self->{env} // {}} };
}

# Starts it in the foreground and waits until the store answers; dies with
# the log when it does not come up.
sub start
{
	my ($self) = @_;
	$self->launch;
	my $up = wait_for { $self->answers || $self->gone } 30;
	die "kmaild does not start:\n" . $self->log
	    if !$up || $self->gone || !$self->answers;
	return $self;
}

sub launch
{
	my ($self) = @_;
	delete $self->{status};
	$self->{pid} = spawn({ log => "$self->{dir}/log",
	    as => $self->{as}, env => $self->environment,
	    limits => $self->{limits} },
	    program('kmaild'), '-d', '-f', $self->conf, '-L',
	    Kmaild::Dir::build());
}

# kmaild -n: what is wrong with the configuration?
sub check
{
	my ($self, @words) = @_;
	return Kmaild::Proc::run({ env => $self->environment,
	    as => $self->{as} }, program('kmaild'), '-n', '-f', $self->conf,
	    @words);
}

# One item of the status by type and name.
sub status
{
	my ($self, $type, $name) = @_;
	my ($found) = grep { $_->{type} eq $type && (!defined $name
	    || ($_->{name} // $_->{label} // '') eq $name) }
	    $self->request({ op => 'status' });
	return $found // {};
}

sub answers
{
	my ($self) = @_;
	return 0 if !-S $self->sock . '/kmaild.sock'
	    || !-S $self->sock . '/vault.sock';
	my ($end) = eval { $self->request({ op => 'status' }, 5) };
	return $end ? 1 : 0;
}

# True when the parent has ended; its wait status is then in exit_status.
sub gone
{
	my ($self) = @_;
	return 1 if !$self->{pid};
	my $status = Kmaild::Proc::reap($self->{pid}, 0);
	return 0 if !defined $status;
	$self->{status} = $status;
	delete $self->{pid};
	return 1;
}

sub wait_gone
{
	my ($self, $seconds) = @_;
	return defined wait_for { $self->gone } $seconds // 15;
}

sub exit_status { $_[0]{status} }

# Orderly end by SIGTERM; the wait status, undef when it had to be killed.
sub stop
{
	my ($self) = @_;
	my $pid = $self->{pid} or return $self->{status};
	my @all = map { $_->{pid} } descendants($pid);
	kill 'TERM', $pid;
	my $in_time = $self->wait_gone(20);
	kill 'KILL', @all, -$pid if !$in_time;
	$self->wait_gone(5);
	wait_for { !grep { Kmaild::Proc::proc_stat($_) } @all } 5;
	return $in_time ? $self->{status} : undef;
}

# All processes at once, as by a power cut.
sub kill_all
{
	my ($self) = @_;
	my @all = map { $_->{pid} } descendants($self->{pid});
	kill 'KILL', @all;
	$self->wait_gone(5);
	wait_for { !grep { my $p = Kmaild::Proc::proc_stat($_);
	    $p && $p->{state} ne 'Z' } @all } 5;
}

my %comm = (parent => 'kmaild', vault => 'kmaild-vault',
    session => 'kmaild-vault-session', fetcher => 'kmaild-fetcher',
    store => 'kmaild-store');

# { parent => [pid], vault => [..], session => [zygote, children ..],
#   fetcher => [fetcher, workers ..], store => [..] }
sub processes
{
	my ($self) = @_;
	my %found = map { $_ => [] } keys %comm;
	return \%found if !$self->{pid};
	my @all = descendants($self->{pid});
	for my $p (@all) {
		my ($name) = grep { substr($comm{$_}, 0, 15) eq $p->{comm} }
		    keys %comm;
		push @{$found{$name}}, $p->{pid} if $name;
	}
	return \%found;
}

# Resident octets of each process: current, and the highest ever.
sub memory
{
	my ($self) = @_;
	my %found;
	for my $p (descendants($self->{pid})) {
		my $status = Kmaild::Dir::slurp("/proc/$p->{pid}/status")
		    // next;
		my $rollup = Kmaild::Dir::slurp(
		    "/proc/$p->{pid}/smaps_rollup") // '';
		my %m = (name => $p->{comm});
		$m{rss} = $1 * 1024 if $status =~ /^VmRSS:\s+(\d+)/m;
		$m{peak} = $1 * 1024 if $status =~ /^VmHWM:\s+(\d+)/m;
		$m{pss} = $1 * 1024 if $rollup =~ /^Pss:\s+(\d+)/m;
		$m{private} = ($1 + $2) * 1024 if $rollup =~
		    /^Private_Clean:\s+(\d+).*^Private_Dirty:\s+(\d+)/ms;
		$found{$p->{pid}} = \%m;
	}
	return \%found;
}

# ---- kmailctl ----

# ctl({ stdin =>, timeout =>, as => }, words ...): as Kmaild::Proc::run
sub ctl
{
	my ($self, @words) = @_;
	my $opt = ref $words[0] ? shift @words : {};
	return Kmaild::Proc::run({ env => $self->environment, %$opt },
	    program('kmailctl'), '-s', $self->sock, @words);
}

# The same without waiting for its end: finished() gives exit code and output.
sub background
{
	my ($self, @words) = @_;
	my $log = "$self->{dir}/ctl" . ++$self->{background};
	return { log => $log, pid => spawn({ log => $log,
	    env => $self->environment }, program('kmailctl'), '-s',
	    $self->sock, @words) };
}

sub finished
{
	my ($self, $bg, $seconds) = @_;
	my $status = Kmaild::Proc::reap($bg->{pid}, $seconds // 60);
	Kmaild::Proc::stop($bg->{pid}) if !defined $status;
	return { status => defined $status ? $status >> 8 : -1,
	    out => Kmaild::Dir::slurp($bg->{log}) };
}

# The objects of kmailctl -j, in order.
sub ctl_json
{
	my ($self, @words) = @_;
	my $opt = ref $words[0] ? shift @words : {};
	my $r = $self->ctl($opt, '-j', @words);
	return map { $json->decode($_) } grep { /\S/ } split /\n/, $r->{out};
}

# Adds an account with its password; dies when either is refused.
sub add_account
{
	my ($self, $label, %opt) = @_;
	my $host = $opt{host} // 'imap.test';
	my $r = $self->ctl('account', 'add', $label, 'auth', 'password',
	    'user', $opt{user} // 'alice', 'imap',
	    $opt{port} ? "$host:$opt{port}" : $host, $opt{tls} // 'tls',
	    'every', $opt{every} // 'never', @{$opt{words} // []});
	die "account add: $r->{status} $r->{out}$r->{err}"
	    if $r->{status} != 0;
	$self->set_password($label, $opt{password} // 'correct horse')
	    if !$opt{no_password};
}

sub set_password
{
	my ($self, $label, $password) = @_;
	my $r = $self->ctl({ stdin => "$password\n" }, 'account', 'password',
	    $label);
	die "account password: $r->{status} $r->{out}$r->{err}"
	    if $r->{status} != 0;
}

# One account's report as the socket gives it.
sub report
{
	my ($self, $label) = @_;
	my ($r) = grep { $_->{type} eq 'report' } $self->request(
	    { op => 'report', accounts => [$label] });
	return $r // {};
}

# kmailctl sync: (exit code, report afterwards)
sub sync
{
	my ($self, $label, $seconds) = @_;
	my $r = $self->ctl({ timeout => $seconds // 60 }, 'sync', $label);
	return ($r->{status}, $self->report($label));
}

# ---- the socket itself ----

# Objects that answer one request; octets that belong to one are in its
# member "octets".  Dies after an error object or without an end.
sub request
{
	my ($self, $request, $seconds) = @_;
	my ($s, $answer) = $self->ask($request);
	my @items;
	local $SIG{ALRM} = sub { die "no answer in time\n" };
	alarm($seconds // 60);
	while (my $item = eval { $answer->() }) {
		last if $item->{type} eq 'end';
		push @items, $item;
		last if $item->{type} eq 'error';
	}
	my $error = $@;
	alarm 0;
	close $s;
	die $error if $error;
	die "error $items[-1]{error}: $items[-1]{message}\n"
	    if @items && $items[-1]{type} eq 'error';
	return @items ? @items : ({ type => 'nothing' });
}

# All events so far: what monitor tells until it falls silent.
sub events
{
	my ($self) = @_;
	my ($s, $answer) = $self->ask({ op => 'monitor', since => 0 });
	my @found;
	local $SIG{ALRM} = sub { die "silence\n" };
	eval {
		for (;;) {
			alarm 2;
			push @found, $answer->();
		}
	};
	alarm 0;
	close $s;
	die $@ if $@ ne "silence\n";
	return grep { $_->{type} eq 'event' } @found;
}

# Sends a request; the socket and a function that returns the next object.
sub ask
{
	my ($self, $request) = @_;
	my $s = IO::Socket::UNIX->new(Peer => $self->sock . '/kmaild.sock')
	    // die "kmaild.sock: $!\n";
	print {$s} $json->encode({ v => 1, id => 1, %$request }), "\n";
	$s->flush;
	my $buf = '';
	my $more = sub {
		my $n = sysread $s, $buf, 65536, length $buf;
		die "socket closed without an end\n" if !$n;
	};
	return ($s, sub {
		my $at;
		$more->() while ($at = index $buf, "\n") == -1;
		my $item = $json->decode(substr $buf, 0, $at + 1, '');
		if (my $n = $item->{bytes}) {
			$more->() while length $buf < $n;
			$item->{octets} = substr $buf, 0, $n, '';
		}
		return $item;
	});
}

1;
