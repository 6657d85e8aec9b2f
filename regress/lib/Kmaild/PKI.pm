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

# A private CA and certificates of every kind that a client must refuse.
package Kmaild::PKI;

use strict;
use warnings;
use Kmaild::Dir;
use Kmaild::Proc;

my $names = 'DNS:localhost,DNS:imap.test,DNS:starttls.test,DNS:*.wild.test,IP:127.0.0.1,'
    . 'IP:127.0.0.6,IP:0:0:0:0:0:0:0:1';

# new(DIR): files ca.pem, other-ca.pem, NAME.pem, NAME.key in it; NAME is
# good, wrong (another name), expired, early, unknown (another CA).
sub new
{
	my ($class, $dir) = @_;
	mkdir $dir or die "$dir: $!\n";
	my $self = bless { dir => $dir }, $class;
	$self->authority('ca', 'kmaild test CA');
	$self->authority('other-ca', 'Another CA');
	$self->issue('good', 'ca', 'imap.test', $names);
	$self->issue('wrong', 'ca', 'other.test', 'DNS:other.test');
	$self->issue('expired', 'ca', 'imap.test', "$names,IP:127.0.0.3",
	    '20200101000000Z', '20200201000000Z');
	$self->issue('early', 'ca', 'imap.test', "$names,IP:127.0.0.5",
	    '20900101000000Z', '20910101000000Z');
	$self->issue('unknown', 'other-ca', 'imap.test',
	    "$names,IP:127.0.0.4");
	return $self;
}

sub ca { $_[0]{dir} . '/ca.pem' }
sub other_ca { $_[0]{dir} . '/other-ca.pem' }
sub cert { "$_[0]{dir}/$_[1].pem" }
sub key { "$_[0]{dir}/$_[1].key" }

sub openssl
{
	my $r = Kmaild::Proc::run({}, 'openssl', @_);
	die "openssl @_: $r->{err}\n" if $r->{status} != 0;
	return $r->{out};
}

sub make_key
{
	my ($path) = @_;
	openssl('genpkey', '-algorithm', 'EC', '-pkeyopt',
	    'ec_paramgen_curve:P-256', '-out', $path);
	chmod 0644, $path;
}

sub authority
{
	my ($self, $name, $cn) = @_;
	my $dir = $self->{dir};
	make_key("$dir/$name.key");
	Kmaild::Dir::spew("$dir/$name.cnf", <<"CNF");
[req]
distinguished_name = dn
x509_extensions = ext
prompt = no
[dn]
CN = $cn
[ext]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = this
[this]
dir = $dir
new_certs_dir = $dir
database = $dir/$name.index
serial = $dir/$name.serial
certificate = $dir/$name.pem
private_key = $dir/$name.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
CNF
	Kmaild::Dir::spew("$dir/$name.index", '');
	Kmaild::Dir::spew("$dir/$name.serial", "1000\n");
	openssl('req', '-new', '-x509', '-days', '30', '-config',
	    "$dir/$name.cnf", '-key', "$dir/$name.key", '-out',
	    "$dir/$name.pem");
}

sub issue
{
	my ($self, $name, $ca, $cn, $san, $from, $until) = @_;
	my $dir = $self->{dir};
	my ($base, $csr) = ("$dir/$name", "$dir/$name.csr");
	my @dates = defined $from ? ('-startdate', $from, '-enddate', $until)
	    : ('-days', 20);
	make_key("$base.key");
	openssl('req', '-new', '-config', "$dir/$ca.cnf", '-key',
	    "$base.key", '-subj', "/CN=$cn", '-addext',
	    "subjectAltName=$san", '-out', $csr);
	openssl('ca', '-batch', '-notext', '-config', "$dir/$ca.cnf",
	    @dates, '-in', $csr, '-out', "$base.pem");
}

1;
