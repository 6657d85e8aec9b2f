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

# Names: hosts file and name server, several addresses, none, no answer.

use Kmaild::Test;
use Kmaild::DNS;

my $t = Kmaild::Test->new;
my %mailbox = (folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(2) } });
my $fake = $t->fake(%mailbox);
my $closed = Kmaild::Dovecot::free_port();
my $log = "$t->{dir}/dns.log";
my $dns = Kmaild::DNS->new({ 'dns.wild.test' => ['127.0.0.1'],
    'both.wild.test' => [ '::1', '127.0.0.1' ],
    'next.wild.test' => [ '127.0.0.9', '127.0.0.1' ],
    'six.wild.test' => ['::1'], 'silent.wild.test' => 'silent',
    'broken.wild.test' => 'servfail', 'empty.wild.test' => [] },
    log => $log);
my $d = $t->daemon($fake, $closed, { dns => $dns->port,
    hosts => { 'file.wild.test' => ['127.0.0.1'] },
    conf => "timeout step 6\ntimeout idle 6\n" })->start;

my $n = 0;
sub outcome
{
	my ($host, $port) = @_;
	my $label = 'r' . ++$n;
	$d->add_account($label, host => $host, port => $port // $fake->port);
	my ($status, $report) = $d->sync($label);
	return $report->{last_sync_status} eq 'ok' ? 'ok'
	    : $report->{last_sync_error} =~ s/^imap_sync_failed //r;
}

is(outcome('dns.wild.test'), 'ok', 'name server');
is(outcome('file.wild.test'), 'ok', 'hosts file');
unlike(Kmaild::Dir::slurp($log), qr/^file\./m,
    'the name server is not asked for what the file has');
is(outcome('both.wild.test'), 'ok', 'IPv6 refuses, IPv4 answers');
is(outcome('next.wild.test'), 'ok', 'the next address is tried');
like(outcome('six.wild.test'), qr/^connect_(?:refused|unreachable)$/,
    'only IPv6, nobody there');
is(outcome('nowhere.wild.test'), 'dns_failed', 'no such name');
like(outcome('empty.wild.test'), qr/^dns_failed$/, 'no addresses');
like(outcome('broken.wild.test'), qr/^dns_(?:failed|timeout)$/,
    'a failing name server');
my $began = time;
is(outcome('silent.wild.test'), 'dns_timeout', 'a silent one');
cmp_ok(time - $began, '<', 15, 'in time');
is(outcome('imap.test', $closed), 'connect_refused', 'a closed port');
SKIP: {
	skip 'no IPv6 here', 1 if !Kmaild::Dovecot::have_ipv6();
	my $six = $t->fake(%mailbox, address => '::1');
	$d->write_conf("connect port ${\ $six->port}\n");
	$d->ctl('reload');
	is(outcome('[::1]', $six->port), 'ok', 'an IPv6 address');
}

$t->done;
