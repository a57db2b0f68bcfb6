// The pieces of text that a terminal shows.
#include "app/cli/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <limits>

#include "app/cli/fit_progress.h"
#include "app/cli/pictures.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

TEST(CliText, NumbersAreShortAndIndependentOfTheLocale) {
  for (const char* locale : {"C", "de_DE.UTF-8", "fr_FR.UTF-8"}) {
    std::setlocale(LC_ALL, locale);
    EXPECT_EQ(fixedText(0.98512, 3), "0.985");
    EXPECT_EQ(shortText(1e-6), "1e-06");
    EXPECT_EQ(shortText(0.1), "0.1");
    EXPECT_EQ(shortText(1000000), "1000000");
    EXPECT_EQ(shortText(1234.5678, 3), "1.23e+03");
  }
  std::setlocale(LC_ALL, "C");
  EXPECT_EQ(fixedText(std::numeric_limits<double>::quiet_NaN(), 2), "-");
  EXPECT_EQ(shortText(std::numeric_limits<double>::infinity()), "-");
}

TEST(CliText, DurationsChangeUnitWithoutAGap) {
  EXPECT_EQ(durationText(0), "0 ms");
  EXPECT_EQ(durationText(0.999), "999 ms");
  EXPECT_EQ(durationText(0.9999), "1.0 s");
  EXPECT_EQ(durationText(59.94), "59.9 s");
  EXPECT_EQ(durationText(59.97), "1 min 00 s");
  EXPECT_EQ(durationText(3599.9), "1 h 00 min");
  EXPECT_EQ(durationText(7320), "2 h 02 min");
  EXPECT_EQ(durationText(-1), "-");
}

TEST(CliText, WrappedLinesKeepEveryWord) {
  EXPECT_EQ(wrapText("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapText("unbreakable", 3), (std::vector<std::string>{"unbreakable"}));
  EXPECT_EQ(wrapText("", 3), (std::vector<std::string>{""}));
}

TEST(CliText, TablesAlign) { EXPECT_EQ(tableText({{"a", "1"}, {"long", "22"}}), "a      1\nlong  22\n"); }

TEST(CliText, EditDistanceCountsLetters) {
  EXPECT_EQ(editDistance("--vews", "--views"), 1);
  EXPECT_EQ(editDistance("kitten", "sitting"), 3);
  EXPECT_EQ(editDistance("", "abc"), 3);
}

TEST(CliText, TheBarFitsTheTerminal) {
  Snapshot s;
  s.state = SessionState::Running;
  s.plannedIterations = 500;
  s.iterationsPerSecond = 38.2;
  for (s.iteration = 0; s.iteration <= 500; s.iteration += 50) {
    for (int width = 20; width < 140; ++width) EXPECT_LE(int(progressLine(s, width).size()), width);
    const std::string line = progressLine(s, 120);
    EXPECT_NE(line.find(std::to_string(s.iteration / 5) + "%"), std::string::npos) << line;
    EXPECT_EQ(std::count(line.begin(), line.end(), '='), s.iteration * 30 / 500) << line;
  }
  EXPECT_EQ(progressLine(s, 0).find('['), std::string::npos);
}

// The end of a fit that stops when it has converged is not known: no percentage, no time left, no planned number.
TEST(CliText, NoEndIsPromisedWhenNoneIsKnown) {
  Snapshot s;
  s.state = SessionState::Running;
  s.plannedIterations = 500;
  s.iteration = 7;
  s.iterationsPerSecond = 12;
  s.solver = SolverKind::Newton;
  s.history = std::make_shared<const std::vector<Metrics>>(1, Metrics{.iteration = 7, .trainIoU = 0.98, .outlinePx = 0.31});
  EXPECT_EQ(progressLine(s, 100), "iteration 7  IoU 0.9800  outline 0.31 px  12.0 it/s  0 ms");
  EXPECT_EQ(progressLine(s, 20).size(), 20u);
  EXPECT_EQ(progressJson(s).find("eta_seconds"), std::string::npos);
  EXPECT_NE(progressJson(s).find("\"outline_px\":0.31"), std::string::npos);
  s.state = SessionState::Done;
  s.converged = true;
  const std::string done = progressLine(s, 120);
  EXPECT_NE(done.find("100%"), std::string::npos) << done;
  EXPECT_NE(done.find("converged"), std::string::npos) << done;
  s.state = SessionState::Running;
  s.options.stopWhenConverged = false;
  EXPECT_NE(progressLine(s, 120).find("7/500"), std::string::npos);
}

TEST(CliText, ProgressStylesAreKnownByName) {
  EXPECT_EQ(progressStyle("json"), ProgressStyle::Json);
  EXPECT_EQ(progressStyle("none"), ProgressStyle::None);
  EXPECT_THROW(progressStyle("loud"), Error);
}

TEST(CliText, TimelapseFramesRunFromStartToEndAndNeverBack) {
  for (int planned : {1, 7, 60, 500, 100000}) {
    EXPECT_EQ(Timelapse::iterationOfFrame(0, planned), 0);
    EXPECT_EQ(Timelapse::iterationOfFrame(Timelapse::kFrames, planned), planned);
    for (int frame = 1; frame <= Timelapse::kFrames; ++frame)
      EXPECT_GE(Timelapse::iterationOfFrame(frame, planned), Timelapse::iterationOfFrame(frame - 1, planned));
  }
}

}  // namespace
}  // namespace penumbra
