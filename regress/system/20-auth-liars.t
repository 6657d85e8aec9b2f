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

# Servers with a good certificate and bad manners: each way to lie during
# the login ends in its own reason, in time, and says nothing to anybody.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my $plain = 'AGFsaWNlAGNvcnJlY3QgaG9yc2U=';
my $caps = 'IMAP4rev1 SASL-IR AUTH=PLAIN';
my $hello = [ send => "* OK [CAPABILITY $caps] ready\r\n" ];
my $login = [ expect => qr/^\S+ AUTHENTICATE PLAIN \S+$/ ];

# What follows the login's line, and the reason that comes of it.
sub answer
{
	my ($text, $reason, @more) = @_;
	return [ $reason, $hello, $login, [ send => $text ], @more,
	    [ stall => 1 ] ];
}

my %steps = (
	# the greeting: nobody is asked for the password
	'greet-bye' => [ 'greeting_bye', [ send => "* BYE no\r\n" ],
	    [ close => 1 ] ],
	'greet-preauth' => [ 'greeting_preauth',
	    [ send => "* PREAUTH you are alice\r\n" ], [ stall => 1 ] ],
	'greet-smtp' => [ 'greeting_invalid',
	    [ send => "220 mail.test ESMTP\r\n" ], [ stall => 1 ] ],
	'greet-silence' => [ 'timeout_idle', [ stall => 1 ] ],
	'greet-drip' => [ 'timeout_step',
	    (map { ([ send => '* OK '], [ wait => 0.7 ]) } 1 .. 12),
	    [ stall => 1 ] ],
	'greet-flood' => [ 'greeting_invalid',
	    [ send => '* OK ' . 'x' x 200_000 ], [ stall => 1 ] ],
	'greet-close' => [ 'imap_connection_lost', [ close => 1 ] ],
	'no-login' => [ 'imap_login_disabled',
	    [ send => "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x\r\n" ],
	    [ stall => 1 ] ],
	'caps-flood' => [ 'imap_auth_protocol', [ send => "* OK x\r\n" ],
	    [ expect => qr/CAPABILITY/ ],
	    [ send => "* CAPABILITY IMAP4rev1\r\n" x 5000 ], [ stall => 1 ] ],
	'caps-none' => [ 'imap_auth_protocol', [ send => "* OK x\r\n" ],
	    [ expect => qr/CAPABILITY/ ], [ send => "%T OK x\r\n" ],
	    [ stall => 1 ] ],

	# the answer
	'auth-silence' => [ 'timeout_idle', $hello, $login, [ stall => 1 ] ],
	'auth-close' => [ 'imap_connection_lost', $hello, $login,
	    [ close => 1 ] ],
	'auth-flood' => answer("* OK still busy\r\n" x 4000,
	    'imap_auth_protocol'),
	'auth-line' => answer('x' x 100_000, 'imap_auth_protocol'),
	'auth-challenge' => answer("+ Z28gb24=\r\n", 'imap_auth_protocol'),
	'auth-literal' => answer("* OK {20}\r\n%T OK in\r\n",
	    'imap_auth_protocol'),
	'auth-preauth' => answer("* PREAUTH\r\n%T OK in\r\n",
	    'imap_auth_protocol'),
	'echo-line' => answer("%T AUTHENTICATE PLAIN $plain\r\n%T OK in\r\n",
	    'imap_auth_protocol'),
	'echo-untagged' => answer("* OK you: $plain\r\n%T OK in\r\n",
	    'imap_auth_protocol'),
	'echo-clear' => answer("%T OK hello correct horse\r\n",
	    'imap_auth_protocol'),
	'echo-after' => answer("%T OK in\r\n* OK correct horse\r\n",
	    'imap_auth_protocol'),
	'no-bare' => answer("%T NO no\r\n", 'imap_auth_failed'),
	'no-expired' => answer("%T NO [EXPIRED] no\r\n",
	    'imap_password_expired'),
	'no-admin' => answer("%T NO [CONTACTADMIN] no\r\n",
	    'imap_not_authorized'),
	'no-limit' => answer("%T NO [ALERT] Too many simultaneous "
	    . "connections. (Failure)\r\n", 'imap_connection_limit'),
	'no-busy' => answer("%T NO [UNAVAILABLE] later\r\n",
	    'imap_unavailable'),
	'no-throttled' => answer("%T NO Request is throttled. Suggested "
	    . "Backoff Time: 30000 milliseconds\r\n", 'imap_throttled'),
	'auth-bye' => answer("* BYE Server Unavailable. 15\r\n",
	    'imap_unavailable', [ close => 1 ]),
);
my %server = map { my ($reason, @steps) = @{$steps{$_}};
    $_ => Kmaild::Server->new($t->path('liar'), pki => $t->pki,
    steps => \@steps) } keys %steps;
push @{$t->{servers}}, values %server;

# The scripted mailbox speaks as a whole; these know how to log in.
my %mailbox = (folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(2) } });

my %good = (
	'two-step' => $t->fake(capability => 'IMAP4rev1', %mailbox),
	'bad-inline' => $t->fake(%mailbox, command => sub {
		my ($conn, $name, $rest) = @_;
		return 0 if $name ne 'AUTHENTICATE' || $rest !~ / /;
		$conn->crlf("$conn->{tag} BAD what?");
		return 1;
	    }),
	'no-greeting-caps' => $t->fake(greeting => '* OK hello', %mailbox),
	'login-quoted' => $t->fake(greeting => '* OK [CAPABILITY IMAP4rev1] x',
	    user => 'al"ice', password => 'back\\slash "quote"', %mailbox),
	'login-literal' => $t->fake(user => 'alice',
	    greeting => '* OK [CAPABILITY IMAP4rev1] x',
	    password => "p\xc3\xa4ss w\xc3\xb6rd", %mailbox),
);

# An IMAP server that hears a login although nobody verified it.
my $early = $t->fake(cert => 'unknown', %mailbox);

# Two daemons: `connect port` takes only so many.
my @early = sort grep { /^(?:greet|caps|no-login)/ } keys %steps;
my @late = sort grep { !/^(?:greet|caps|no-login)/ } keys %steps;
my $conf = { conf => "timeout idle 2\ntimeout step 4\n" };
my $d = $t->daemon(@server{@early}, values %good, $early, $conf)->start;
my $e = $t->daemon(@server{@late}, $conf)->start;

sub lied_to
{
	my ($daemon, @names) = @_;
	for my $name (@names) {
		$daemon->add_account($name, port => $server{$name}->port);
		my $began = time;
		my ($status, $report) = $daemon->sync($name);
		isnt($status, 0, "$name: not ok");
		is($report->{last_sync_error},
		    "imap_sync_failed $steps{$name}[0]",
		    "$name: its own reason");
		cmp_ok(time - $began, '<', 9, "$name: in time");
	}
	return scalar grep { $_->{code} eq 'credential-used' }
	    $daemon->events;
}

is(lied_to($d, @early), 0, 'nobody took the password out of its box');
unlike($server{$_}->all_received,
    qr/AUTHENTICATE|LOGIN|alice|horse|\Q$plain\E/,
    "$_: did not hear the password") for @early;
is(lied_to($e, @late), @late, 'for the others it was taken once each');

for my $name (sort keys %good) {
	my $s = $good{$name};
	$d->add_account($name, port => $s->port, user => $s->{user},
	    password => $s->{password});
	my ($status, $report) = $d->sync($name);
	is($status, 0, "$name: logs in") or diag explain $report;
	is($report->{messages}, 2, "$name: and fetches");
}
like($good{'two-step'}->all_received,
    qr/^\S+ AUTHENTICATE PLAIN\r\n\Q$plain\E\r\n/m, 'two steps');
like($good{'bad-inline'}->all_received,
    qr/^\S+ AUTHENTICATE PLAIN \Q$plain\E\r\n\S+ AUTHENTICATE PLAIN\r\n/m,
    'falls back after BAD');
like($good{'login-quoted'}->all_received,
    qr/^\S+ LOGIN "al\\"ice" "back\\\\slash \\"quote\\""\r$/m, 'quoted');
like($good{'login-literal'}->all_received,
    qr/^\S+ LOGIN "alice" \{11\}\r\np\xc3\xa4ss w\xc3\xb6rd\r\n/m, 'literal');

$d->add_account('early', port => $early->port);
$d->sync('early');
is($early->connections, 1, 'an unverified server is talked to');
is($early->all_received, '', 'but hears nothing');

# A back-off that the server named is kept, not only noted.
is($e->report('no-throttled')->{last_sync_status}, 'deferred', 'throttled is deferred');

unlike($d->log . $e->log, qr/horse|alice|\Q$plain\E|Backoff|throttled\. /,
    'no word of a server, and no secret, in the log');

$t->done;
