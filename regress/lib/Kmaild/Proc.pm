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

# Processes that a test starts: each is killed by its own number at the end,
# however the test ends.
package Kmaild::Proc;

use strict;
use warnings;
use POSIX qw(:sys_wait_h :signal_h);
use Time::HiRes qw(time sleep);
use Exporter 'import';

our @EXPORT_OK = qw(wait_for spawn run reap descendants proc_stat ordinary);

my %running;	# pid => [owner pid, group]

$SIG{INT} = $SIG{TERM} = $SIG{HUP} = sub { exit 130 };
$SIG{PIPE} = 'IGNORE';

# True as soon as the block is, undef when the seconds are over.
sub wait_for(&$)
{
	my ($block, $seconds) = @_;
	my $end = time + $seconds;
	my $pause = 0.005;
	for (;;) {
		my $value = $block->();
		return $value if $value;
		return undef if time > $end;
		sleep $pause;
		$pause *= 1.5 if $pause < 0.1;
	}
}

# Who to be when root must not: [uid, gid, user name, group name].
sub ordinary
{
	my @pw = $> == 0 ? getpwnam('nobody') : getpwuid($>);
	return [ $>, $) + 0, $>, $) + 0 ] if !@pw;
	my $group = getgrgid($pw[3]) // $pw[3];
	return [ $pw[2], $pw[3], $pw[0], $group ];
}

sub become
{
	my ($who) = @_;
	$) = "$who->[1] $who->[1]";
	$( = $who->[1];
	POSIX::setuid($who->[0]);
	die "cannot become $who->[2]\n" if $> != $who->[0];
}

# spawn({ log => FILE, as => ordinary(), code => sub {} }, command ...)
sub spawn
{
	my ($opt, @command) = @_;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		%running = ();
		setpgrp(0, 0);
		$SIG{INT} = $SIG{TERM} = $SIG{HUP} = 'DEFAULT';
		open STDIN, '<', $opt->{stdin} // '/dev/null';
		if (defined $opt->{log}) {
			open STDOUT, '>>', $opt->{log} or POSIX::_exit(126);
			open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
		}
		become($opt->{as}) if $opt->{as} && $> != $opt->{as}[0];
		if ($opt->{code}) {
			eval { $opt->{code}->(); 1 } or print STDERR $@;
			POSIX::_exit($@ ? 1 : 0);
		}
		%ENV = %{$opt->{env}} if $opt->{env};
		$opt->{limits}->() if $opt->{limits};
		exec { $command[0] } @command or POSIX::_exit(127);
	}
	$running{$pid} = $$;
	return $pid;
}

# Waits for one child; its wait status, or undef if it did not end in time.
sub reap
{
	my ($pid, $seconds) = @_;
	my $status;
	wait_for {
		my $r = waitpid($pid, WNOHANG);
		$status = $? if $r == $pid;
		$status = 0 if $r == -1;
		return $r != 0;
	} $seconds // 10;
	delete $running{$pid} if defined $status;
	return $status;
}

# run({ stdin => TEXT, timeout => S }, command ...): { status, out, err }
sub run
{
	my ($opt, @command) = @_;
	my ($out, $err) = (tmpfile(), tmpfile());
	my $in = tmpfile();
	print {$in} $opt->{stdin} // '';
	$in->flush;
	seek $in, 0, 0;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		%running = ();
		$SIG{INT} = $SIG{TERM} = $SIG{HUP} = $SIG{PIPE} = 'DEFAULT';
		open STDIN, '<&', $in;
		open STDOUT, '>&', $out;
		open STDERR, '>&', $err;
		become($opt->{as}) if $opt->{as} && $> != $opt->{as}[0];
		%ENV = %{$opt->{env}} if $opt->{env};
		exec { $command[0] } @command or POSIX::_exit(127);
	}
	$running{$pid} = $$;
	my $status = reap($pid, $opt->{timeout} // 60);
	if (!defined $status) {
		kill 'KILL', $pid;
		reap($pid, 5);
		$status = -1;
	}
	my %r = (raw => $status, timeout => $status == -1);
	$r{status} = $status == -1 ? -1 : $status & 127 ?
	    128 + ($status & 127) : $status >> 8;
	for ([ out => $out ], [ err => $err ]) {
		my ($name, $fh) = @$_;
		seek $fh, 0, 0;
		local $/;
		$r{$name} = <$fh> // '';
	}
	return \%r;
}

sub tmpfile
{
	open my $fh, '+>', undef or die "temporary file: $!\n";
	binmode $fh;
	return $fh;
}

# { pid, comm, state, ppid } of a living process.
sub proc_stat
{
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/stat" or return undef;
	my $line = <$fh> // return undef;
	$line =~ /^(\d+) \((.*)\) (\S) (\d+)/s or return undef;
	return { pid => $1, comm => $2, state => $3, ppid => $4 };
}

# Every living process below this one, itself first.
sub descendants
{
	my ($root) = @_;
	opendir my $dh, '/proc' or return ();
	my @all = grep { $_ && $_->{state} ne 'Z' }
	    map { proc_stat($_) } grep { /^\d+$/ } readdir $dh;
	my %child;
	push @{$child{$_->{ppid}}}, $_ for @all;
	my @found = grep { $_->{pid} == $root } @all;
	my @todo = @found ? ($root) : ();
	while (defined(my $pid = shift @todo)) {
		for my $p (@{$child{$pid} // []}) {
			push @found, $p;
			push @todo, $p->{pid};
		}
	}
	return @found;
}

# Ends a process and its group: TERM first, KILL when it does not listen.
sub stop
{
	my ($pid, $seconds) = @_;
	kill 'TERM', $pid;
	my $status = reap($pid, $seconds // 5);
	kill 'KILL', -$pid;
	return $status // do { kill 'KILL', $pid; reap($pid, 5); undef };
}

sub forget { delete $running{$_[0]} }

sub finish
{
	my @mine = grep { $running{$_} == $$ } keys %running;
	kill 'TERM', $_ for @mine;
	stop($_, 3) for @mine;
}

1;
