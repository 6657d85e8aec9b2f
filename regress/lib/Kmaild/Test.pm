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

# What every system test starts with: strictness, Test::More, a folder,
# certificates, servers and daemons that end with the test.
#
#	use Kmaild::Test;
#	my $t = Kmaild::Test->new;
#	my $server = $t->dovecot;
#	my $d = $t->daemon($server)->start;
#	...
#	$t->done;
package Kmaild::Test;

use strict;
use warnings;
use Kmaild::Corpus;
use Kmaild::Daemon;
use Kmaild::Dir;
use Kmaild::Dovecot;
use Kmaild::FakeIMAP;
use Kmaild::Mail;
use Kmaild::PKI;
use Kmaild::Proc qw(wait_for);
use Test::More ();

my @tests;

sub import
{
	strict->import;
	warnings->import;
	my $caller = caller;
	eval "package $caller; use Test::More; use Kmaild::Mail;"
	    . 'use Kmaild::Proc qw(wait_for run);'
	    . 'use Time::HiRes qw(time sleep); 1' or die $@;
}

# Full counts only when asked for: full(20, 300)
sub full { $ENV{KMAILD_SOAK} ? $_[1] : $_[0] }

# A build with sanitizers: it takes more memory and has no sandbox.
sub sanitized
{
	my $flags = Kmaild::Dir::slurp(Kmaild::Dir::build() . '/flags') // '';
	return $flags =~ /KM_SANITIZE/ ? 1 : 0;
}

sub new
{
	my ($class) = @_;
	my $self = bless { dir => Kmaild::Dir::make(), n => 0 }, $class;
	push @tests, $self;
	return $self;
}

sub dir { $_[0]{dir} }

sub path
{
	my ($self, $name) = @_;
	return "$self->{dir}/$name" . ++$self->{n};
}

sub pki
{
	my ($self) = @_;
	return $self->{pki} //= Kmaild::PKI->new("$self->{dir}/pki");
}

# A running Dovecot; options as Kmaild::Dovecot::new.
sub dovecot
{
	my ($self, %opt) = @_;
	my $server = Kmaild::Dovecot->new($self->path('dc'), $self->pki,
	    %opt);
	push @{$self->{servers}}, $server;
	return $server;
}

sub fake
{
	my ($self, %opt) = @_;
	my $server = Kmaild::FakeIMAP->new($self->path('fake'),
	    pki => $self->pki, %opt);
	push @{$self->{servers}}, $server;
	return $server;
}

sub corpus
{
	my ($self, $server, %opt) = @_;
	return Kmaild::Corpus->new(owner => $server->owner, %opt);
}

# A daemon, not started, that may connect to these servers.
sub daemon
{
	my ($self, @servers) = @_;
	my %opt = ref $servers[-1] eq 'HASH' ? %{pop @servers} : ();
	my %names = ('imap.test' => ['127.0.0.1'],
	    'localhost' => ['127.0.0.1'],
	    'starttls.test' => ['127.0.0.6'], %{delete $opt{hosts} // {}});
	my @ports = map { ref $_ eq '' ? $_ : $_->isa('Kmaild::Dovecot')
	    ? ($_->imaps, $_->imap) : $_->port } @servers;
	my $d = Kmaild::Daemon->new($self->path('d'), ca => $self->pki->ca,
	    ports => \@ports, hosts => \%names, %opt);
	push @{$self->{daemons}}, $d;
	return $d;
}

# The last question of every test: is the daemon still alive, are all its
# parts, and does it stop when told?
sub alive
{
	my ($self, $d) = @_;
	my $name = 'daemon is alive';
	my $builder = Test::More->builder;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $builder->ok(0, $name) if $d->gone;
	my @status = eval { $d->request({ op => 'status' }, 20) };
	my @down = map { "$_->{name} $_->{state}" }
	    grep { $_->{type} eq 'process' && $_->{state} ne 'running' }
	    @status;
	$builder->ok(@status && !@down, $name)
	    or $builder->diag("$@@down");
}

# Ends the test: every daemon still runs, stops with 0 and was not killed
# by its sandbox.
sub done
{
	my ($self) = @_;
	for my $d (grep { $_->pid } @{$self->{daemons}}) {
		$self->alive($d);
		my $status = $d->stop;
		Test::More::is($status, 0, 'daemon stops in order');
		Test::More::unlike($d->log, qr/signal (?:6|11|31)\b/,
		    'no process crashed or was stopped by its sandbox');
		Test::More::unlike($d->log, qr/Sanitizer|runtime error:/,
		    'and no sanitizer complained');
	}
	Test::More::done_testing();
}

sub finish
{
	my ($failed) = @_;
	for my $self (@tests) {
		next if !-d $self->{dir};
		for (@{$self->{daemons} // []}) {
			$failed ? eval { $_->pid && $_->kill_all }
			    : eval { $_->stop };
		}
		eval { $_->stop } for @{$self->{servers} // []};
	}
}

my $owner = $$;

END {
	if ($$ == $owner) {
		my $code = $?;
		my $failed = $code != 0
		    || !Test::More->builder->is_passing;
		finish($failed);
		Kmaild::Proc::finish();
		Kmaild::Dir::finish($failed);
		$? = $code;
	}
}

1;
