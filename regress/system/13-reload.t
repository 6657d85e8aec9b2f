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

# SIGHUP and kmailctl reload: what changes, changes; a running fetch goes
# on; a bad configuration changes nothing.

use Kmaild::Test;
use Kmaild::Proxy;

my $t = Kmaild::Test->new;
my %mailbox = (folders => { INBOX => { uidvalidity => 5,
    messages => Kmaild::FakeIMAP::simple_messages(5) } });
my $flag = "$t->{dir}/go";
my $slow = $t->fake(%mailbox, fetch => sub {
	my ($conn, $m, $items) = @_;
	return undef if $items !~ /BODY/i;
	select undef, undef, undef, 0.1 while !-e $flag;
	return undef;
});
my $other = $t->fake(%mailbox);
my $foreign = $t->fake(%mailbox, cert => 'unknown');
my $d = $t->daemon($slow)->start;
$d->add_account('slow', port => $slow->port);

my $r = $d->ctl('account', 'add', 'other', 'auth', 'password', 'user',
    'alice', 'imap', 'imap.test:' . $other->port, 'every', 'never');
isnt($r->{status}, 0, 'a port that is not allowed');
like($r->{err} . $r->{out}, qr/connect port ${\ $other->port}/,
    'names the line to add');

my $bg = $d->background('sync', 'slow');
ok((wait_for { ($slow->received(1) // '') =~ /BODY\.PEEK/ } 20),
    'a fetch runs');
my %before = map { $_ => $d->processes->{$_}[0] } qw(parent vault store);

# Bad: says what, changes nothing.
$d->write_conf("no such line\n");
$r = $d->ctl('reload');
isnt($r->{status}, 0, 'reload of a bad configuration');
like($r->{err} . $r->{out}, qr/kmaild\.conf:\d+:/, 'says file and line');
is($d->ctl('status')->{status}, 0, 'the daemon goes on');

# Good, by socket: another port.
$d->write_conf("connect port ${\ $other->port}\n"
    . "connect port ${\ $foreign->port}\n");
$r = $d->ctl('reload');
is($r->{status}, 0, 'reload') or diag $r->{err};
$d->add_account('other', port => $other->port);
is(($d->sync('other'))[0], 0, 'the new port is allowed')
    or diag explain $d->report('other');
$d->add_account('foreign', port => $foreign->port);
isnt(($d->sync('foreign'))[0], 0, 'another CA is not trusted');

# Good, by signal: another CA beside the first.
$d->write_conf("connect port ${\ $other->port}\n"
    . "connect port ${\ $foreign->port}\n"
    . "ca file \"${\ $t->pki->other_ca}\"\n");
kill 'HUP', $d->pid;
ok((wait_for { ($d->sync('foreign'))[0] == 0 } 20),
    'after SIGHUP the new CA is trusted') or diag $d->log;
is(($d->sync('other'))[0], 0, 'and the old one too');

is($d->report('slow')->{last_sync_status}, 'running',
    'the first fetch still runs');
Kmaild::Dir::spew($flag, '');
my $ended = $d->finished($bg, 30);
is($ended->{status}, 0, 'and ends well') or diag $ended->{out};
is($d->report('slow')->{last_sync_imported}, 5, 'with all messages');
is($d->processes->{$_}[0], $before{$_}, "$_ was not replaced")
    for sort keys %before;
ok((wait_for { my $p = $d->processes;
    @{$p->{fetcher}} == 1 && @{$p->{session}} == 1 } 20),
    'replaced processes have ended') or diag explain $d->processes;

# Log level, seen in the log.
is($d->ctl('log', 'verbose')->{status}, 0, 'log verbose');
is($d->ctl('log', 'brief')->{status}, 0, 'log brief');

$t->done;
