#!/usr/bin/env bash
# Every C++ block of the README and the guide stands, letter by letter, in a file under examples/: it is compiled and run.
# So does every line of an `output` block in what such a program prints, in a file NAME.expected.
set -u
cd "$(dirname "$0")/../.." || exit 1

shopt -s nullglob
perl -0777 -e '
  my ($pages, $programs, %printed) = (shift, "");
  my @pages = splice @ARGV, 0, $pages;
  for my $file (@ARGV) {
    open my $in, "<", $file or die "$file: $!";
    if ($file =~ /[.]expected$/) { $printed{$_} = 1 for split /\n/, <$in>; }
    else { $programs .= <$in>; }
  }
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
    while ($text =~ /^```output\n(.*?)^```$/msg) {
      my $line = 1 + (substr($text, 0, $-[1]) =~ tr/\n//);
      for my $shown (split /\n/, $1) {
        next if $printed{$shown};
        ++$missing;
        print "$page:$line: no program under examples/ prints this line: $shown\n";
      }
    }
  }
  print "$blocks blocks\n";
  exit($missing || !$blocks);
' "$(set -- README.md docs/guide/*.md; echo $#)" README.md docs/guide/*.md \
  examples/*.cpp examples/*/*.cpp examples/*.expected examples/*/*.expected
