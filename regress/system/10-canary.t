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

# A known master key and a known password: where do their octets turn up?
# Only on the vault's side, and in a relaying session child nowhere.

use Kmaild::Test;
use Kmaild::Canary;

plan skip_all => 'a sanitizer build keeps and maps more than its own'
    if Kmaild::Test::sanitized();

my $t = Kmaild::Test->new;

sub random
{
	open my $fh, '<:raw', '/dev/urandom' or die;
	sysread $fh, my $octets, $_[0];
	return $octets;
}
my $key = random(32);
my $password = join '', map { chr 35 + ord($_) % 80 } split //, random(24);
my $canary = Kmaild::Canary->new(key => $key, password => $password);

# The search itself must find what is there.
my $holder = Kmaild::Proc::spawn({ code => sub {
	my $copy = "$password " . MIME::Base64::encode_base64("xx$password");
	sleep 60;
	print $copy;
} });
SKIP: {
	skip 'memory of other processes: needs root', 1 if $> != 0;
	ok((wait_for { my $f = $canary->in_process($holder);
	    $f && grep { $_ eq 'password base64+2' } @$f } 5),
	    'the search finds a secret in memory');
}
Kmaild::Proc::stop($holder);

# A server that stops in the middle of the mailbox, to look at a session.
my $hold = 1;
my $fake = $t->fake(password => $password,
    folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(20) } },
    fetch => sub {
	my ($conn, $m, $items) = @_;
	return undef if $m->{uid} != 12 || $items !~ /BODY/i
	    || $conn->{number} > 2;
	$conn->stall;
    });
# One that holds the login back: the child has the password by then.
my $slow = $t->fake(password => $password, folders => {}, login => sub {
	$_[0]->stall });
my $refusing = $t->fake(password => 'another', folders => {});
my $d = $t->daemon($fake, $slow, $refusing, { key => unpack('H*', $key),
    conf => "log verbose\ntimeout idle 60\n" })->start;
my $out = '';

sub ctl
{
	my $r = $d->ctl(@_);
	$out .= $r->{out} . $r->{err};
	return $r;
}

sub look
{
	my ($when, %may) = @_;
	SKIP: {
		skip 'memory of other processes: needs root', 1 if $> != 0;
		my $all = $d->processes;
		my %part = (%$all, zygote => [ $all->{session}[0] ],
		    child => [ @{$all->{session}}[1 .. $#{$all->{session}}] ]);
		delete $part{session};
		for my $name (sort keys %part) {
			for my $pid (@{$part{$name}}) {
				my $found = $canary->in_process($pid);
				my @wrong = grep { $_ !~ ($may{$name}
				    // qr/^$/) } @{$found // []};
				ok($found && !@wrong, "$when: $name")
				    or diag defined $found ? "@wrong"
				    : "cannot read memory of $pid";
			}
		}
		return \%part;
	}
}

# The vault has the key; the password only while it is in use.
my %vault = (vault => qr/./);
look('started', %vault);
$d->add_account($_->[0], port => $_->[1]->port, password => $password)
    for [ mail => $fake ], [ slow => $slow ], [ refused => $refusing ];
look('password set', %vault);

my $bg = $d->background('sync', 'slow');
ok((wait_for { ($slow->received(1) // '') =~ /AUTHENTICATE|LOGIN/ } 20),
    'the login has been sent');
look('during the login', %vault, child => qr/^password/);
$d->ctl('account', 'pause', 'slow');
$d->finished($bg, 20);

$bg = $d->background('sync', 'mail');
ok((wait_for { ($fake->received(1) // '') =~ /BODY\.PEEK/ } 20),
    'a session relays');
sleep 0.3;
my $part = look('while relaying', %vault);
if ($> == 0) {
	is(scalar @{$part->{child}}, 1, 'a session child was looked at');
	is(scalar @{$part->{fetcher}}, 2, 'a worker was looked at');
}
$d->ctl('account', 'pause', 'mail');
$d->finished($bg, 20);
$d->ctl('account', 'resume', $_) for qw(mail slow);
ctl('sync', 'refused') for 1 .. 2;
look('afterwards', %vault);

ctl(@$_) for [ 'status' ], [ '-j', 'status' ], [ 'report' ],
    [ '-j', 'report' ], [ 'account', 'list' ], [ 'account', 'show', 'mail' ],
    [ '-j', 'account', 'show', 'mail' ], [ 'account', 'test', 'refused' ],
    [ 'check' ], [ 'message', 'list', 'mail' ];
$out .= join "\n", map { join ' ', %$_ } map { my %e = %$_;
    $_ //= '' for values %e; \%e } $d->events;
is(join(' ', $canary->in_text($out)), '', 'nothing in what kmailctl prints');
is(join(' ', $canary->in_text($d->log)), '', 'nothing in the log');

# Files: the key file is the operator's, the servers' records are the test's.
my $skip = sub { $_[0] =~ m{/(?:key|conn-\d+\.in|server\.log)$} };
is_deeply([ $canary->in_files($skip, $d->dir) ], [],
    'nothing in any file, with the daemon running');
is($d->stop, 0, 'stops');
is_deeply([ $canary->in_files($skip, $d->dir) ], [], 'nor afterwards');
ok(scalar $canary->in_files(sub { 0 }, $d->dir) > 0,
    'though the search would find the key file');

$t->done;
