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

# A test's own folder: short (unix socket paths end at 108 octets), open to
# other users for passing through only, gone at the end unless the test failed.
package Kmaild::Dir;

use strict;
use warnings;
use Cwd ();
use File::Path ();
use File::Temp ();
use Test::More ();

my %made;

sub top
{
	my $lib = $INC{'Kmaild/Dir.pm'};
	$lib =~ s{/?[^/]+/[^/]+$}{};
	return Cwd::realpath("$lib/../..");
}

# The programs under test.
sub build
{
	return Cwd::realpath($ENV{KMAILD_BUILD} // top() . '/.build')
	    // die "no programs: run make first\n";
}

sub make
{
	my $base = $ENV{TMPDIR} // '/tmp';
	$base = '/tmp' if length($base) > 40;
	my $dir = File::Temp::tempdir('km.XXXXXX', DIR => $base);
	chmod 0711, $dir or die "chmod $dir: $!\n";
	$made{$dir} = $$;
	return $dir;
}

# Kept on failure, with everything the daemons wrote.
sub finish
{
	my ($failed) = @_;
	for my $dir (sort keys %made) {
		next if $made{$dir} != $$;
		delete $made{$dir};
		if ($failed || $ENV{KMAILD_KEEP}) {
			print STDERR "# kept: $dir\n";
			next;
		}
		File::Path::remove_tree($dir, { safe => 0 });
	}
}

sub slurp
{
	my ($path) = @_;
	open my $fh, '<:raw', $path or return undef;
	local $/;
	my $text = <$fh>;
	return $text // '';
}

sub spew
{
	my ($path, $text, $mode) = @_;
	open my $fh, '>:raw', $path or die "$path: $!\n";
	print {$fh} $text or die "$path: $!\n";
	close $fh or die "$path: $!\n";
	chmod $mode, $path if defined $mode;
	return $path;
}

1;
