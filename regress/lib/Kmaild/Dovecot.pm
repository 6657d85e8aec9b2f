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

# A real Dovecot on loopback, all of it below one folder and as an ordinary
# user.  On port imaps() and imap() (STARTTLS) of 127.0.0.1 and ::1 it shows
# the good certificate, on 127.0.0.2 one for another name, on 127.0.0.3 an
# expired one, on 127.0.0.4 one of an unknown CA, on 127.0.0.5 one that is
# not valid yet.  127.0.0.6 has the good one too: there, unlike on
# 127.0.0.1, the client's address differs from the server's and Dovecot
# insists on STARTTLS.
package Kmaild::Dovecot;

use strict;
use warnings;
use IO::Socket::IP;
use Kmaild::Dir;
use Kmaild::Proc qw(wait_for spawn ordinary);

my %bad = (wrong => '127.0.0.2', expired => '127.0.0.3',
    unknown => '127.0.0.4', early => '127.0.0.5');

sub free_port
{
	my ($addr) = @_;
	my $s = IO::Socket::IP->new(Listen => 1, LocalPort => 0,
	    LocalAddr => $addr // '127.0.0.1') // die "no free port: $!\n";
	return $s->sockport;
}

sub have_ipv6
{
	return IO::Socket::IP->new(Listen => 1, LocalAddr => '::1',
	    LocalPort => 0) ? 1 : 0;
}

sub program
{
	my ($found) = grep { -x } map { "$_/dovecot" }
	    qw(/usr/sbin /usr/local/sbin /sbin), split /:/, $ENV{PATH};
	return $found // die "dovecot is not installed: make deps\n";
}

# new(DIR, PKI, user => password hash, max_connections => N,
#     mechanisms => 'plain login', layout => 'fs', extra => TEXT)
sub new
{
	my ($class, $dir, $pki, %opt) = @_;
	my $who = ordinary();
	mkdir $_ or die "$_: $!\n" for $dir, "$dir/mail", "$dir/run";
	my $self = bless { dir => $dir, pki => $pki, who => $who, opt => \%opt,
	    imaps => free_port(), imap => free_port(), ipv6 => have_ipv6(),
	    users => $opt{users} // { alice => 'correct horse' } }, $class;
	$self->passwords;
	$self->write_conf;
	$self->own($dir, "$dir/mail", "$dir/run");
	return $self;
}

sub own
{
	my ($self, @paths) = @_;
	chown @{$self->{who}}[0, 1], @paths if $> == 0;
}

sub imaps { $_[0]{imaps} }
sub imap { $_[0]{imap} }
sub log { $_[0]{dir} . '/dovecot.log' }
sub owner { [ @{$_[0]{who}}[0, 1] ] }

sub address
{
	my ($self, $cert) = @_;
	return $cert eq 'good' ? '127.0.0.1' : $bad{$cert};
}

# Maildir folder of a user; INBOX when none is named.
sub maildir
{
	my ($self, $user, $folder) = @_;
	my $home = "$self->{dir}/mail/$user";
	for ($home, "$home/Maildir") {
		next if -d;
		mkdir $_, 0700 or die "$_: $!\n";
		$self->own($_);
	}
	return "$home/Maildir" if !defined $folder;
	return "$home/Maildir/$folder"
	    if ($self->{opt}{layout} // '') eq 'fs';
	return "$home/Maildir/.$folder";
}

sub passwords
{
	my ($self) = @_;
	my $text = join '', map { "$_:{PLAIN}$self->{users}{$_}::::::\n" }
	    sort keys %{$self->{users}};
	my $path = Kmaild::Dir::spew("$self->{dir}/passwd", $text, 0600);
	$self->own($path);
}

sub set_password
{
	my ($self, $user, $password) = @_;
	$self->{users}{$user} = $password;
	$self->passwords;
}

sub write_conf
{
	my ($self) = @_;
	my ($dir, $pki, $opt) = @$self{qw(dir pki opt)};
	my ($user, $group) = @{$self->{who}}[2, 3];
	my ($uid, $gid) = @{$self->owner};
	my $max = $opt->{max_connections} // 0;
	my $mech = $opt->{mechanisms} // 'plain login';
	my $layout = $opt->{layout} ? ":LAYOUT=$opt->{layout}" : '';
	my $listen = join ', ', '127.0.0.1', '127.0.0.6',
	    ($self->{ipv6} ? '::1' : ()), sort values %bad;
	my $separator = $opt->{layout} ? '/' : '.';
	my $local = join '', map { <<"CNF" } sort keys %bad;
local $bad{$_} {
  ssl_cert = <${\ $pki->cert($_)}
  ssl_key = <${\ $pki->key($_)}
}
CNF
	Kmaild::Dir::spew("$dir/dovecot.conf", <<"CNF", 0644);
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/dovecot.log
protocols = imap
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
first_valid_gid = 1
mail_uid = $uid
mail_gid = $gid
mail_location = maildir:~/Maildir$layout
mail_max_userip_connections = $max
mail_fsync = never
auth_mechanisms = $mech
auth_failure_delay = 0
auth_cache_size = 0
ssl = required
ssl_min_protocol = TLSv1.2
ssl_cert = <${\ $pki->cert('good')}
ssl_key = <${\ $pki->key('good')}
$local
passdb {
  driver = passwd-file
  args = scheme=PLAIN $dir/passwd
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$dir/mail/%u
}
namespace inbox {
  inbox = yes
  separator = $separator
  mailbox Drafts {
    special_use = \\Drafts
  }
  mailbox Sent {
    special_use = \\Sent
  }
  mailbox Spam {
    special_use = \\Junk
  }
  mailbox Trash {
    special_use = \\Trash
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  client_limit = 4096
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  service_count = 0
  client_limit = 2000
  process_min_avail = 2
  inet_listener imap {
    address = $listen
    port = $self->{imap}
  }
  inet_listener imaps {
    address = $listen
    port = $self->{imaps}
    ssl = yes
  }
}
service imap {
  process_limit = 1024
}
${\ ($opt->{extra} // '')}
CNF
	chmod 0644, map { $pki->key($_) } qw(good wrong expired early unknown);
}

sub start
{
	my ($self) = @_;
	my $out = "$self->{dir}/start.log";
	Kmaild::Dir::spew($out, '', 0666);
	$self->{pid} = spawn({ log => $out, as => $self->{who} }, program(),
	    '-F', '-c', "$self->{dir}/dovecot.conf");
	my $ready = wait_for {
		for ($self->{imap}, $self->{imaps}) {
			IO::Socket::IP->new(PeerHost => '127.0.0.1',
			    PeerPort => $_) or return 0;
		}
		return 1;
	} 20;
	$ready or die "dovecot does not start: "
	    . (Kmaild::Dir::slurp($out) // '') . (Kmaild::Dir::slurp(
	    $self->log) // '') . "\n";
	return $self;
}

# All of it at once, as by a power cut.
sub kill
{
	my ($self) = @_;
	my @all = map { $_->{pid} } Kmaild::Proc::descendants($self->{pid});
	CORE::kill 'KILL', $self->{pid}, @all;
	Kmaild::Proc::reap(delete $self->{pid}, 5);
	wait_for { !grep { CORE::kill 0, $_ } @all } 5;
}

sub stop { $_[0]->kill if $_[0]{pid} }

# How many sessions are logged in, by the processes that serve them.
sub sessions
{
	my ($self) = @_;
	return scalar grep { $_->{comm} eq 'imap' }
	    Kmaild::Proc::descendants($self->{pid});
}

1;
