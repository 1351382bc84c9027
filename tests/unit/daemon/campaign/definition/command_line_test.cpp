#include "daemon/campaign/definition/command_line.h"

#include <gtest/gtest.h>

namespace benchd::campaign {
namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text, Shell shell = Shell::Auto) {
  auto words = split_command(text, shell);
  return words.ok() ? *words : Words{words.error().message()};
}

TEST(CommandLine, BlanksPartAndQuotesKeepTogether) {
  EXPECT_EQ(split("python3  app.py\t-x"), (Words{"python3", "app.py", "-x"}));
  EXPECT_EQ(split(R"(a 'b c' "d \" e" f\ g '' h"i"j)"), (Words{"a", "b c", "d \" e", "f g", "", "hij"}));
  EXPECT_EQ(split(R"(grep '$x' "a|b" 'c*')"), (Words{"grep", "$x", "a|b", "c*"})) << "quoted: no shell";
  EXPECT_EQ(split(R"("a\n")"), (Words{"a\\n"}));
}

TEST(CommandLine, WhatOnlyAShellUnderstandsGoesToOne) {
  for (const char* text : {"a | b", "a > f", "a; b", "a $X", "a \"$X\"", "ls *.c", "a `b`", "X=1 a", "a # b", "(a)"})
    EXPECT_EQ(split(text), (Words{"/bin/sh", "-c", text}));
  EXPECT_EQ(split("a --x=1"), (Words{"a", "--x=1"})) << "no variable: it is not before the command";
}

TEST(CommandLine, TheShellMayBeForcedOrForbidden) {
  EXPECT_EQ(split("true", Shell::Default), (Words{"/bin/sh", "-c", "true"}));
  EXPECT_EQ(split("a | b", Shell::None), (Words{"a", "|", "b"}));
}

TEST(CommandLine, ACommandThatIsNoneIsRefused) {
  EXPECT_EQ(split("a 'b"), (Words{"`a 'b`: a quote is not closed"}));
  EXPECT_FALSE(split_command(" ", Shell::Auto).ok());
}

}  // namespace
}  // namespace benchd::campaign
