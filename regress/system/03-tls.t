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

# Certificates and STARTTLS: what is not proven gets no password.

use Kmaild::Test;

my $t = Kmaild::Test->new;
my $pki = $t->pki;
my %mailbox = (folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(3) } });

# A server for each certificate: what would it hear of the password?
my %server = map { $_ => $t->fake(cert => $_, %mailbox) }
    qw(good wrong expired early unknown);
my %plain = (
	stripped => $t->fake(tls => 'starttls', capability => 'IMAP4rev1',
	    greeting => '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready',
	    command => sub {
		my ($conn, $name) = @_;
		return 0 if $name ne 'CAPABILITY';
		$conn->crlf('* CAPABILITY IMAP4rev1 AUTH=PLAIN');
		$conn->crlf("$conn->{tag} OK done");
		return 1;
	    }, %mailbox),
	refused => $t->fake(tls => 'starttls', command => sub {
		my ($conn, $name) = @_;
		return 0 if $name ne 'STARTTLS';
		$conn->crlf("$conn->{tag} NO not today");
		return 1;
	    }, %mailbox),
	injected => $t->fake(tls => 'starttls', command => sub {
		my ($conn, $name) = @_;
		return 0 if $name ne 'STARTTLS';
		$conn->raw("$conn->{tag} OK begin\r\n* PREAUTH hello\r\n");
		$conn->stall;
	    }, %mailbox),
	preauth => $t->fake(tls => 'starttls',
	    greeting => '* PREAUTH welcome', %mailbox),
	good => $t->fake(tls => 'starttls', %mailbox),
	wrong => $t->fake(tls => 'starttls', cert => 'wrong', %mailbox),
);

my $d = $t->daemon(values %server, values %plain, {
    hosts => { 'a.wild.test' => ['127.0.0.1'],
    'a.b.wild.test' => ['127.0.0.1'], 'nameless.test' => ['127.0.0.1'],
    'IMAP.test' => ['127.0.0.1'] },
    conf => "timeout idle 3\ntimeout step 5\n"
    . "account block-ca {\n\tca file \"${\ $pki->other_ca}\"\n}\n" })->start;

my $n = 0;

sub outcome
{
	my ($port, %opt) = @_;
	my $label = $opt{label} // 'account' . ++$n;
	$d->add_account($label, port => $port, %opt);
	my ($status, $report) = $d->sync($label);
	return $report->{last_sync_status} eq 'ok' ? 'ok'
	    : $report->{last_sync_error} =~ s/^imap_sync_failed //r;
}

is(outcome($server{good}->port), 'ok', 'good certificate');
like($server{good}->all_received, qr/^\S+ (?:AUTHENTICATE|LOGIN) /m,
    'the good server hears the login');
is(outcome($server{good}->port, host => 'a.wild.test'), 'ok', 'wildcard');
is(outcome($server{good}->port, host => '127.0.0.1'), 'ok', 'IP SAN');
is(outcome($server{good}->port, host => 'a.b.wild.test'),
    'tls_name_mismatch', 'a wildcard covers one label');
is(outcome($server{good}->port, host => 'nameless.test'),
    'tls_name_mismatch', 'a name that is not in it');
is(outcome($server{wrong}->port), 'tls_name_mismatch', 'wrong name');
is(outcome($server{expired}->port), 'tls_certificate_expired', 'expired');
is(outcome($server{early}->port), 'tls_certificate_not_yet_valid',
    'not valid yet');
is(outcome($server{unknown}->port), 'tls_certificate_untrusted',
    'unknown CA');
is($server{$_}->all_received, '', "$_: not an octet after the handshake")
    for qw(wrong expired early unknown);
cmp_ok($server{unknown}->connections, '>', 0, 'though it was connected to');

# An account's own CA stands instead of the global one.
is(outcome($server{unknown}->port, words => [ 'ca', $pki->other_ca ]), 'ok',
    'account add … ca FILE');
is(outcome($server{good}->port, words => [ 'ca', $pki->other_ca ]),
    'tls_certificate_untrusted', 'and with it the global one counts no more');
is(outcome($server{unknown}->port, label => 'block-ca'), 'ok',
    'account block of kmaild.conf');

# STARTTLS.
is(outcome($plain{good}->port, tls => 'starttls'), 'ok', 'STARTTLS');
is(outcome($plain{wrong}->port, tls => 'starttls'), 'tls_name_mismatch',
    'STARTTLS, wrong name');
is(outcome($plain{stripped}->port, tls => 'starttls'), 'starttls_missing',
    'STARTTLS was removed');
is(outcome($plain{refused}->port, tls => 'starttls'), 'starttls_refused',
    'STARTTLS is refused');
is(outcome($plain{injected}->port, tls => 'starttls'), 'starttls_injected',
    'octets between OK and handshake');
is(outcome($plain{preauth}->port, tls => 'starttls'), 'greeting_preauth',
    'PREAUTH before TLS');
for (qw(wrong stripped refused injected preauth)) {
	my $heard = $plain{$_}->all_received;
	unlike($heard, qr/AUTHENTICATE|LOGIN|alice|horse/i,
	    "$_: no login in clear");
	unlike($heard, qr/\QAGFsaWNl\E/, "$_: nor in base64");
}
like(outcome($plain{good}->port), qr/^(?:tls_|timeout_|greeting_)/,
    'TLS to a server that speaks first in clear');
like(outcome($server{good}->port, tls => 'starttls'),
    qr/^(?:greeting_|timeout_|starttls_|connect)/,
    'STARTTLS to a server of TLS');

# account test says it step by step.
my $r = $d->ctl('account', 'test', 'account1');
is($r->{status}, 0, 'account test') or diag $r->{out}, $r->{err};
like($r->{out}, qr/imap\.test|kmaild test CA/, 'who the server is');
$r = $d->ctl('account', 'test', 'account6');
isnt($r->{status}, 0, 'account test, wrong name');
like($r->{out} . $r->{err}, qr/certificate is for another name/,
    'with the remedy');

$t->done;
