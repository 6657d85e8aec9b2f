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

# The tools that the other tests rest on, without the programs under test:
# a test bench that lies makes every test after it worthless.

use Kmaild::Test;
use IO::Socket::IP;
use IO::Socket::SSL;
use Kmaild::DNS;
use Kmaild::IMAP;
use Kmaild::Proxy;

my $t = Kmaild::Test->new;
my $server = $t->dovecot;
my $corpus = $t->corpus($server);
my $inbox = $corpus->fill($server->maildir('alice'), count => 40,
    set => 'mixed');
my $nasty = $corpus->fill($server->maildir('alice', 'Nasty'),
    count => scalar $corpus->kinds, set => 'nasty', uid => 1000,
    uidvalidity => 77);
$server->start;

my $imap = Kmaild::IMAP->new($server->imaps, $t->pki->ca, 'alice',
    'correct horse');
for ([ INBOX => $inbox ], [ Nasty => $nasty ]) {
	my ($name, $list) = @$_;
	my $found = $imap->content($name);
	my @wrong = grep { ($found->{$_->{uid}}{sha} // '') ne $_->{sha} }
	    @$list;
	is_deeply([ map { "$_->{uid} $_->{kind}" } @wrong ], [],
	    "$name is on the server as written");
	is(scalar keys %$found, scalar @$list, "and nothing else");
}
like($imap->state('Nasty'), qr/UIDVALIDITY 77\]/, 'chosen UIDVALIDITY');

my ($first, $again) = map {
    (Kmaild::Corpus->new(seed => 3)->message('mixed'))[0] } 1, 2;
ok($first eq $again, 'one seed, one corpus');
is(compare([ map { { sha => $_->{sha} } } @$inbox ], $inbox), '',
    'equal content compares equal');
isnt(compare([ map { { sha => $_->{sha} } } @$inbox[1 .. 39] ], $inbox), '',
    'a missing message shows');
isnt(compare([ map { { sha => $_->{sha} } } @$inbox, $inbox->[3] ], $inbox),
    '', 'a doubled message shows');

# What the certificates are good for.
sub handshake
{
	my ($address, $port) = @_;
	my $s = IO::Socket::SSL->new(PeerHost => $address, PeerPort => $port,
	    SSL_ca_file => $t->pki->ca, SSL_verifycn_name => 'imap.test',
	    SSL_hostname => 'imap.test', SSL_verifycn_scheme => 'imap');
	return $s ? 'ok' : "$SSL_ERROR";
}
is(handshake('127.0.0.1', $server->imaps), 'ok', 'good certificate');
like(handshake($server->address('wrong'), $server->imaps),
    qr/hostname verification failed/, 'wrong name');
like(handshake($server->address('expired'), $server->imaps),
    qr/verify failed/, 'expired');
like(handshake($server->address('unknown'), $server->imaps),
    qr/verify failed/, 'unknown CA');
like(handshake($server->address('early'), $server->imaps),
    qr/verify failed/, 'not valid yet');

my $plain = IO::Socket::IP->new(PeerHost => '127.0.0.6',
    PeerPort => $server->imap);
like(scalar <$plain>, qr/STARTTLS LOGINDISABLED/, 'STARTTLS is demanded');
close $plain;

# Proxy: forwards, cuts.
my $proxy = Kmaild::Proxy->new('127.0.0.1', $server->imaps);
is(handshake('127.0.0.1', $proxy->port), 'ok', 'proxy forwards');
$proxy->stop;
$proxy = Kmaild::Proxy->new('127.0.0.1', $server->imap, after => 10,
    then => 'cut', times => 1);
my $cut = IO::Socket::IP->new(PeerHost => '127.0.0.1',
    PeerPort => $proxy->port);
is(join('', <$cut>), '* OK [CAPA', 'proxy cuts after ten octets');
$cut = IO::Socket::IP->new(PeerHost => '127.0.0.1',
    PeerPort => $proxy->port);
like(scalar <$cut>, qr/ready/, 'but once only');
$proxy->stop;

# Name server.
my $dns = Kmaild::DNS->new({ 'imap.test' => ['192.0.2.7', '2001:db8::7'] });
my $query = pack('nnnnnn', 99, 0x100, 1, 0, 0, 0)
    . "\4imap\4test\0" . pack 'nn', 1, 1;
my $udp = IO::Socket::IP->new(Proto => 'udp', PeerHost => '127.0.0.1',
    PeerPort => $dns->port);
$udp->send($query);
$udp->recv(my $answer, 512);
like($answer, qr/\xc0\x07\x00\x02|\xc0\x00\x02\x07/s, 'name server answers');
$dns->stop;

# Scripted servers.
my $fake = $t->fake(folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(3) } });
$imap = Kmaild::IMAP->new($fake->port, $t->pki->ca, 'alice',
    'correct horse');
is(scalar keys %{$imap->content('INBOX')}, 3, 'scripted mailbox');
like($fake->received(1), qr/LOGIN "alice" "correct horse"/,
    'and it keeps what it received');
my $script = Kmaild::Server->new($t->path('script'), tls => 'none', steps => [
    [ send => "* OK hello\r\n" ], [ expect => qr/NOOP/ ],
    [ send => "%T OK done\r\n" ], [ close => 1 ] ]);
my $client = IO::Socket::IP->new(PeerHost => '127.0.0.1',
    PeerPort => $script->port);
print {$client} "x1 NOOP\r\n";
is(join('', <$client>), "* OK hello\r\nx1 OK done\r\n", 'scripted steps');
$script->stop;

$t->done;
