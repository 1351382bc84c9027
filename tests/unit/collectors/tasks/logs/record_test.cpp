#include "collectors/tasks/logs/record.h"

#include <gtest/gtest.h>

#include "support/allocation_count.h"

namespace benchd::logs {
namespace {

using model::Stream;

struct Parsed {
  bool ok = false;
  std::string text;
  std::optional<int64_t> stamp;
  Stream stream = Stream::Out;
  bool ends_line = false;
};

Parsed json_file(std::string_view text) {
  std::string scratch;
  Record record;
  const bool ok = parse_json_file(text, scratch, record);
  return {ok, ok ? std::string(record.text) : "", record.stamp, record.stream, record.ends_line};
}

Parsed cri(std::string_view text) {
  Record record;
  const bool ok = parse_cri(text, record);
  return {ok, ok ? std::string(record.text) : "", record.stamp, record.stream, record.ends_line};
}

/// A record with this text, as it stands between the quotes.
std::string with_log(const std::string& raw) {
  return R"({"log":")" + raw + R"(","stream":"stdout","time":"2025-01-02T03:04:05.5Z"})";
}

TEST(Stamp, IsNanosecondsOfUnixTime) {
  EXPECT_EQ(parse_stamp("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_stamp("2025-01-02T03:04:05.123456789Z"), 1'735'787'045'123'456'789);
  EXPECT_EQ(parse_stamp("2025-01-02T03:04:05.5Z"), 1'735'787'045'500'000'000);
  EXPECT_EQ(parse_stamp("2024-02-29T23:59:59Z"), 1'709'251'199'000'000'000);
  EXPECT_EQ(parse_stamp("1969-12-31T23:59:59.25Z"), -750'000'000);
}

TEST(Stamp, HasAZone) {
  EXPECT_EQ(parse_stamp("2025-01-02T03:04:05+01:00"), parse_stamp("2025-01-02T02:04:05Z"));
  EXPECT_EQ(parse_stamp("2025-01-02T03:04:05.1-05:30"), parse_stamp("2025-01-02T08:34:05.1Z"));
}

TEST(Stamp, IsAllOfTheText) {
  for (const char* text :
       {"", "Z", "2025-01-02", "2025-01-02T03:04:05", "2025-01-02T03:04:05.Z", "2025-01-02 03:04:05Z",
        "2025-13-02T03:04:05Z", "2025-01-02T25:04:05Z", "2025-01-02T03:04:05Zx", "2025-01-02T03:04:05+1:00",
        "2025-01-02T03:04:05+0100", "0000-01-02T03:04:05Z", "9999-01-02T03:04:05Z", "2025-0x-02T03:04:05Z"})
    EXPECT_EQ(parse_stamp(text), std::nullopt) << text;
}

TEST(JsonFile, HasTextStreamAndStamp) {
  const Parsed parsed = json_file(R"({"log":"task 1 done\n","stream":"stderr","time":"2025-01-02T03:04:05.5Z"})");
  ASSERT_TRUE(parsed.ok);
  EXPECT_EQ(parsed.text, "task 1 done");
  EXPECT_EQ(parsed.stream, Stream::Error);
  EXPECT_EQ(parsed.stamp, 1'735'787'045'500'000'000);
  EXPECT_TRUE(parsed.ends_line);
}

TEST(JsonFile, HasAttributesAndAnyOrderOfKeys) {
  const Parsed parsed = json_file(
      R"({"attrs":{"tag":"a\"}b","n":"1"}, "time":"2025-01-02T03:04:05.5Z","x":[1,{"y":null}],"stream":"stdout","log":"a\n"})");
  ASSERT_TRUE(parsed.ok);
  EXPECT_EQ(parsed.text, "a");
  EXPECT_TRUE(parsed.ends_line);
  EXPECT_EQ(parsed.stamp, 1'735'787'045'500'000'000);
  const Parsed between =
      json_file(R"({"log":"b\n","stream":"stdout","attrs":{"tag":"x"},"time":"2025-01-02T03:04:05.5Z"})");
  ASSERT_TRUE(between.ok);
  EXPECT_EQ(between.text, "b");
}

TEST(JsonFile, HasAnyBlanksOfJsonBetweenItsParts) {
  const Parsed parsed =
      json_file("{\"log\":\n\"a \\\\\\n\"\t,\r\n \"stream\" : \"stdout\",\"time\":\"2025-01-02T03:04:05.5Z\"\n}");
  ASSERT_TRUE(parsed.ok);
  EXPECT_EQ(parsed.text, "a \\");
  EXPECT_TRUE(parsed.ends_line);
}

TEST(JsonFile, WhoseTextIsNoStringIsNone) {
  for (const char* log : {"5", "null", "x\"a\\n\"", "[\"a\\n\"]"})
    EXPECT_FALSE(json_file(R"({"log":)" + std::string(log) + R"(,"stream":"stdout","time":"2025-01-02T03:04:05Z"})").ok)
        << log;
}

TEST(JsonFile, WithoutANewlineIsAPieceOfALongLine) {
  EXPECT_FALSE(json_file(with_log("abc")).ends_line);
  EXPECT_FALSE(json_file(with_log(R"(abc\\n)")).ends_line) << "a backslash and an n";
  EXPECT_EQ(json_file(with_log(R"(abc\\n)")).text, "abc\\n");
  EXPECT_TRUE(json_file(with_log(R"(abc\\\n)")).ends_line);
  EXPECT_EQ(json_file(with_log(R"(abc\\\n)")).text, "abc\\");
}

TEST(JsonFile, OfALineOf16384BytesEndsWithAnEmptyRecord) {
  const Parsed last = json_file(with_log(R"(\n)"));
  ASSERT_TRUE(last.ok);
  EXPECT_EQ(last.text, "");
  EXPECT_TRUE(last.ends_line);
}

TEST(JsonFile, OfATerminalEndsInCarriageReturnAndNewline) {
  EXPECT_EQ(json_file(with_log(R"(a\r\n)")).text, "a");
  EXPECT_EQ(json_file(with_log(R"(a\\r\n)")).text, "a\\r") << "a backslash and an r";
  EXPECT_EQ(json_file(with_log(R"(\r\n)")).text, "");
}

TEST(JsonFile, ResolvesEscapes) {
  EXPECT_EQ(json_file(with_log(R"(\"a\"\t\\\/\b\f\r!\u003ca\u003e\n)")).text, "\"a\"\t\\/\b\f\r!<a>");
  EXPECT_EQ(json_file(with_log(R"(\u00e9 \u20AC \ud83d\ude00\n)")).text, "é € 😀");
  EXPECT_EQ(json_file(with_log(R"(\u001b[31m\n)")).text, "\x1b[31m");
}

TEST(JsonFile, TakesHalfASurrogatePairForAReplacementCharacter) {
  EXPECT_EQ(json_file(with_log(R"(\ud83d.\n)")).text, "\uFFFD.");
  EXPECT_EQ(json_file(with_log(R"(\ude00\n)")).text, "\uFFFD");
  EXPECT_EQ(json_file(with_log(R"(\ud83d\u0041\n)")).text, "\uFFFDA");
}

TEST(JsonFile, PassesInvalidUtf8Through) {
  EXPECT_EQ(json_file(with_log("\xff\xfe\\n")).text, "\xff\xfe");
}

TEST(JsonFile, RefusesGarbage) {
  for (const char* text :
       {"", "{", "{}", "garbage", R"({"log":)", R"({"log":"a)", R"({"log":"a\n")", R"({"log":"a\n","stream":"stdin"})",
        R"({"log":"a\n","stream":"stdout"}{"log":"b\n"})", R"({"log":"\ux\n","stream":"stdout"})",
        R"({"log":"\q\n","stream":"stdout"})", R"({"log":"a","x":]})", R"(["log"])", R"({"time":"2025"})",
        R"({"log":"ab{"log":"c\n","stream":"stdout","time":"2025-01-02T03:04:05Z"})"})
    EXPECT_FALSE(json_file(text).ok) << text;
  EXPECT_FALSE(json_file(std::string_view("\0\0\0", 3)).ok);
}

TEST(JsonFile, TakesNoRecursionForDeepNesting) {
  EXPECT_FALSE(json_file(R"({"log":"a","x":)" + std::string(100'000, '[')).ok);
  EXPECT_TRUE(json_file(R"({"log":"a","x":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}").ok);
}

TEST(JsonFile, AllocatesNothingForOneRecordAfterAnother) {
  const std::string plain = with_log(R"(a line of a common length, all in all about eighty characters of text\n)");
  const std::string escaped = with_log(R"(a \"line\" of a common length, \u003c all in all about eighty characters\n)");
  std::string scratch;
  Record record;
  ASSERT_TRUE(parse_json_file(escaped, scratch, record));
  const size_t before = test::allocation_count();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(parse_json_file(plain, scratch, record));
    ASSERT_TRUE(parse_json_file(escaped, scratch, record));
  }
  EXPECT_EQ(test::allocation_count(), before);
}

TEST(Cri, HasStampStreamAndText) {
  const Parsed parsed = cri("2025-01-02T03:04:05.5Z stderr F task 1 done in 3 ms");
  ASSERT_TRUE(parsed.ok);
  EXPECT_EQ(parsed.text, "task 1 done in 3 ms");
  EXPECT_EQ(parsed.stream, Stream::Error);
  EXPECT_EQ(parsed.stamp, 1'735'787'045'500'000'000);
  EXPECT_TRUE(parsed.ends_line);
}

TEST(Cri, OfConmonHasALocalZone) {
  EXPECT_EQ(cri("2025-01-02T04:04:05.500000000+01:00 stdout F x").stamp, 1'735'787'045'500'000'000);
}

TEST(Cri, HasTagsBehindThePieceMark) {
  EXPECT_FALSE(cri("2025-01-02T03:04:05Z stdout P:x:y part").ends_line);
  EXPECT_EQ(cri("2025-01-02T03:04:05Z stdout P:x:y part").text, "part");
  EXPECT_TRUE(cri("2025-01-02T03:04:05Z stdout F:x whole").ends_line);
}

TEST(Cri, MayHaveNoText) {
  EXPECT_TRUE(cri("2025-01-02T03:04:05Z stdout F ").ok);
  EXPECT_TRUE(cri("2025-01-02T03:04:05Z stdout F").ok);
  EXPECT_EQ(cri("2025-01-02T03:04:05Z stdout F  two blanks").text, " two blanks");
}

TEST(Cri, RefusesGarbage) {
  for (const char* text : {"", " ", "x", "2025-01-02T03:04:05Z", "2025-01-02T03:04:05Z stdout",
                           "2025-01-02T03:04:05Z stdin F x", "2025-01-02T03:04:05Z stdout X x", "now stdout F x",
                           R"({"log":"a\n","stream":"stdout","time":"2025-01-02T03:04:05Z"})"})
    EXPECT_FALSE(cri(text).ok) << text;
}

}  // namespace
}  // namespace benchd::logs
