#!/usr/bin/env bash
# Every C++ block of the README and the guide stands, letter by letter, in a file under examples/: it is compiled and run.
set -u
cd "$(dirname "$0")/../.." || exit 1

shopt -s nullglob
perl -0777 -e '
  my ($pages, $programs) = (shift, "");
  my @pages = splice @ARGV, 0, $pages;
  for my $file (@ARGV) { open my $in, "<", $file or die "$file: $!"; $programs .= <$in>; }
  my ($blocks, $missing) = (0, 0);
  for my $page (@pages) {
    open my $in, "<", $page or die "$page: $!";
    my $text = <$in>;
    while ($text =~ /^```cpp\n(.*?)^```$/msg) {
      ++$blocks;
      next if index($programs, $1) >= 0;
      ++$missing;
      my $line = 1 + (substr($text, 0, $-[1]) =~ tr/\n//);
      print "$page:$line: this block is in no file under examples/\n";
    }
  }
  print "$blocks blocks\n";
  exit($missing || !$blocks);
' "$(set -- README.md docs/guide/*.md; echo $#)" README.md docs/guide/*.md examples/*.cpp examples/*/*.cpp
