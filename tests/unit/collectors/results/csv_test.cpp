#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/results/results.h"
#include "parsed.h"

namespace benchd::results {
namespace {

using model::Measure;
using testing::ElementsAre;
using testing::HasSubstr;

Results good(std::string_view text) {
  return good_in("f.csv", text);
}

std::string refused(std::string_view text) {
  return refused_in("f.csv", text);
}

TEST(Csv, TwoColumnsAreVariantAndValue) {
  const auto results = good("a,1.5\nb,2e-3\na,3\n");
  EXPECT_THAT(results.variants, ElementsAre("a", "b"));
  EXPECT_THAT(results.measures, ElementsAre(Measure::Value));
  ASSERT_EQ(results.runs.size(), 3);
  EXPECT_EQ(results.runs[1].variant, 1);
  EXPECT_EQ(results.runs[1].values[Measure::Value], 0.002);
  EXPECT_FALSE(results.runs[1].block);
}

TEST(Csv, ThreeColumnsHaveABlock) {
  const auto results = good("a,0,1.5\nb,0,2\n");
  EXPECT_EQ(results.runs[1].block, 0);
  EXPECT_EQ(results.runs[1].values[Measure::Value], 2);
}

TEST(Csv, NamedColumnsStandInAnyOrder) {
  const auto results = good(
      "block,duration,variant,outcome,excluded,host,memory_peak\r\n"
      "1,2.5,a,ok,,h1,100\r\n"
      "1,,b,failed,,h1,\r\n"
      "2,9.5,a,ok,host busy,h2,200\r\n");
  EXPECT_THAT(results.measures, ElementsAre(Measure::Duration, Measure::MemoryPeak));
  ASSERT_EQ(results.runs.size(), 3);
  EXPECT_EQ(results.runs[0].values[Measure::Duration], 2.5);
  EXPECT_EQ(results.runs[0].values[Measure::MemoryPeak], 100);
  EXPECT_TRUE(results.runs[1].failed);
  EXPECT_FALSE(results.runs[1].values[Measure::Duration]);
  EXPECT_EQ(results.runs[2].exclusion, "host busy");
  EXPECT_EQ(results.runs[2].host, "h2");
}

TEST(Csv, QuotesBlanksByteOrderMarkAndAMissingLastNewline) {
  const auto results = good("\xEF\xBB\xBF\"python3, -O \"\"x\"\"\nline two\" , 1.5\n\n  \n b , 2");
  EXPECT_THAT(results.variants, ElementsAre("python3, -O \"x\"\nline two", "b"));
}

TEST(Csv, ErrorsNameFileAndLine) {
  EXPECT_THAT(refused(""), HasSubstr("f.csv: the file is empty"));
  EXPECT_THAT(refused("\n \n"), HasSubstr("f.csv: the file is empty"));
  EXPECT_THAT(refused("a,1\nb,2\nc,x\n"), HasSubstr("f.csv:3: found \"x\" as value, expected a number"));
  EXPECT_THAT(refused("a,1\nb,-2\n"), HasSubstr("f.csv:2: found \"-2\" as value: a measure is not negative"));
  EXPECT_THAT(refused("a,nan\n"), HasSubstr("f.csv:1: found \"nan\" as value: a measure is finite"));
  EXPECT_THAT(refused("a,inf\n"), HasSubstr("a measure is finite"));
  EXPECT_THAT(refused("a,1e999\n"), HasSubstr("beyond all numbers"));
  EXPECT_THAT(refused("a,1.5 ms\n"), HasSubstr("expected a number"));
  EXPECT_THAT(refused("a\n"), HasSubstr("f.csv:1: found 1 columns, expected variant,value or variant,block,value"));
  EXPECT_THAT(refused("a,1,2,3\n"), HasSubstr("found 4 columns"));
  EXPECT_THAT(refused("a,1\nb,2,3\n"), HasSubstr("f.csv:2: found 3 columns, expected 2"));
  EXPECT_THAT(refused("a,1\n,2\n"), HasSubstr("f.csv:2: the variant has no name"));
  EXPECT_THAT(refused("a,one,2\n"), HasSubstr("f.csv:1: found \"one\", expected a block's number"));
  EXPECT_THAT(refused("a,1,2\nb,,2\n"), HasSubstr("f.csv:2: there is no block, while rows above have one"));
  EXPECT_THAT(refused("a,1,2\nb,1,2\na,1,3\n"), HasSubstr("f.csv:3: variant \"a\" is in block 1 twice"));
  EXPECT_THAT(refused("a,1\n\"b,2\n"), HasSubstr("f.csv:2: a quote is never closed"));
  EXPECT_THAT(refused("\"two\nlines\",1\nb,-1\n"), HasSubstr("f.csv:3:"));
  EXPECT_THAT(refused("a,\n"), HasSubstr("f.csv:1: there is no value, and the run did not fail"));
}

TEST(Csv, UnknownColumnsAreRefusedWithThoseThatAreKnown) {
  EXPECT_THAT(refused("variant,time\na,1\n"),
              HasSubstr("f.csv:1: unknown column \"time\", allowed are variant, block, host, outcome, excluded, value, "
                        "duration, task_time"));
  EXPECT_THAT(refused("variant,value,value\na,1,2\n"), HasSubstr("f.csv:1: column \"value\" is there twice"));
  EXPECT_THAT(refused("variant,block\na,1\n"), HasSubstr("there is no column of values"));
  EXPECT_THAT(refused("variant,value\n"), HasSubstr("f.csv:1: there are names of columns, and no rows"));
  EXPECT_THAT(refused("variant,value,outcome\na,1,crashed\n"),
              HasSubstr("f.csv:2: found \"crashed\", expected ok or failed"));
  EXPECT_THAT(refused("name,value\na,1\n"), HasSubstr("f.csv:1: found \"value\" as value, expected a number"));
}

TEST(Csv, AColumnThatIsNoVariantIsNotTakenForTenThousandOfThem) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += std::to_string(i) + ",1\n";
  EXPECT_THAT(refused(text), HasSubstr("f.csv:1001: more than 1000 variants"));
}

TEST(Csv, CompressedFilesAreSaidToBe) {
  EXPECT_THAT(refused("\x1f\x8b\x08 whatever"), HasSubstr("f.csv: the file is compressed: gunzip it first"));
}

}  // namespace
}  // namespace benchd::results
