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

# Looks for known secrets: in the memory of processes (as root) and in files.
package Kmaild::Canary;

use strict;
use warnings;
no warnings 'portable';	# addresses have 64 bits
use File::Find ();
use MIME::Base64;

my $CHUNK = 1 << 22;

# Every form in which a secret could show: raw, hexadecimal, form-encoded,
# and base64 at each of three offsets.
sub forms
{
	my ($name, $secret) = @_;
	my $hex = unpack 'H*', $secret;
	my %form = ("$name raw" => $secret, "$name hex" => $hex,
	    "$name HEX" => uc $hex);
	for my $shift (0 .. 2) {
		my $text = encode_base64(('x' x $shift) . $secret . 'yyy', '');
		my $from = $shift ? 4 : 0;
		my $whole = int(($shift + length $secret) / 3) * 4;
		$form{"$name base64+$shift"} = substr $text, $from,
		    $whole - $from;
	}
	my $encoded = $secret =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger;
	$form{"$name form"} = $encoded if $encoded ne $secret;
	return \%form;
}

# new(NAME => SECRET, ...)
sub new
{
	my ($class, %secret) = @_;
	my %all = map { %{forms($_, $secret{$_})} } keys %secret;
	my ($longest) = sort { $b <=> $a } map { length } values %all;
	return bless { form => \%all, longest => $longest }, $class;
}

# Names of the forms that occur in some octets.
sub in_text
{
	my ($self, $text) = @_;
	return grep { index($text, $self->{form}{$_}) != -1 }
	    sort keys %{$self->{form}};
}

# In all memory of a process: undef when it cannot be read.
sub in_process
{
	my ($self, $pid) = @_;
	open my $maps, '<', "/proc/$pid/maps" or return undef;
	my @regions = map { /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+\s*(.*)/
	    ? [ hex $1, hex $2, $3 ] : () } <$maps>;
	open my $mem, '<:raw', "/proc/$pid/mem" or return undef;
	my (%found, $read);
	for my $region (@regions) {
		my ($at, $end, $name) = @$region;
		next if $name =~ /^\[v/;	# vvar, vsyscall: not memory
		my $tail = '';
		while ($at < $end) {
			my $n = $end - $at < $CHUNK ? $end - $at : $CHUNK;
			sysseek $mem, $at, 0 or last;
			my $got = sysread($mem, my $octets, $n);
			last if !$got;
			$read += $got;
			$found{$_} = 1 for $self->in_text($tail . $octets);
			$tail = substr $octets, -$self->{longest}
			    if length $octets > $self->{longest};
			$at += $got;
		}
	}
	return $read ? [ sort keys %found ] : undef;
}

# In all files below some folders: [path: form ...]
sub in_files
{
	my ($self, $skip, @dirs) = @_;
	my @found;
	File::Find::find({ no_chdir => 1, wanted => sub {
		return if !-f $_ || $skip->($_);
		open my $fh, '<:raw', $_ or return;
		my ($tail, $path, %here) = ('', $_);
		while (sysread($fh, my $octets, $CHUNK)) {
			$here{$_} = 1 for $self->in_text($tail . $octets);
			$tail = substr $octets, -$self->{longest}
			    if length $octets > $self->{longest};
		}
		push @found, map { "$path: $_" } sort keys %here;
	} }, @dirs);
	return @found;
}

1;
