#include "app/window/theme.h"

#include <filesystem>
#include <initializer_list>
#include <string>

namespace penumbra {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTextFolders[] = {"/usr/share/fonts/opentype/inter", "/usr/share/fonts/truetype/inter", "/usr/share/fonts/inter",
                                        "/usr/share/fonts/inter-fonts", "/usr/local/share/fonts/inter"};
constexpr const char* kFallbackText[] = {"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/TTF/DejaVuSans.ttf",
                                         "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"};
constexpr const char* kIconFiles[] = {"/usr/share/fonts/truetype/material-design-icons-iconfont/MaterialIcons-Regular.ttf",
                                      "/usr/share/fonts/truetype/material-icons/MaterialIcons-Regular.ttf",
                                      "/usr/share/fonts/TTF/MaterialIcons-Regular.ttf"};

// Latin, Greek, punctuation, arrows and the mathematical signs that labels use.
constexpr ImWchar kTextRanges[] = {0x20, 0x17F, 0x370, 0x3FF, 0x2000, 0x206F, 0x2070, 0x209F, 0x2190, 0x21FF, 0x2200, 0x22FF, 0};

// Every glyph of icons.h as one-character ranges.
const ImWchar* iconRanges() {
  static const ImWchar ranges[] = {
      0xe000, 0xe002, 0xe034, 0xe037, 0xe042, 0xe04b, 0xe14d, 0xe15a, 0xe166, 0xe166, 0xe24d, 0xe24d, 0xe2c4, 0xe2c8, 0xe30a, 0xe30a,
      0xe323, 0xe323, 0xe3b4, 0xe3b6, 0xe3c1, 0xe3c1, 0xe3ec, 0xe3fa, 0xe40a, 0xe417, 0xe5c4, 0xe5d8, 0xe80e, 0xe80e, 0xe838, 0xe838,
      0xe84d, 0xe84d, 0xe86c, 0xe86c, 0xe889, 0xe88e, 0xe8b5, 0xe8b8, 0xe8f0, 0xe8fd, 0xe91c, 0xe91c, 0};
  return ranges;
}

std::string interFile(const char* weight) {
  std::error_code failed;
  for (const char* folder : kTextFolders)
    for (const char* extension : {".otf", ".ttf"}) {
      const fs::path file = fs::path(folder) / (std::string("Inter-") + weight + extension);
      if (fs::is_regular_file(file, failed)) return file.string();
    }
  for (const char* file : kFallbackText)
    if (fs::is_regular_file(file, failed)) return file;
  return {};
}

std::string iconFile() {
  std::error_code failed;
  for (const char* file : kIconFiles)
    if (fs::is_regular_file(file, failed)) return file;
  return {};
}

ImFont* addText(const std::string& file, float size) {
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  if (!file.empty())
    if (ImFont* font = atlas->AddFontFromFileTTF(file.c_str(), size, nullptr, kTextRanges)) return font;
  ImFontConfig config;
  config.SizePixels = size * 0.87f;
  return atlas->AddFontDefault(&config);
}

void mergeIcons(const std::string& file, float size) {
  if (file.empty()) return;
  ImFontConfig config;
  config.MergeMode = true;
  config.GlyphOffset.y = size * 0.33f;  // the icons' baseline is lower than the text's
  config.GlyphMinAdvanceX = size * 1.2f;
  ImGui::GetIO().Fonts->AddFontFromFileTTF(file.c_str(), size * 1.2f, &config, iconRanges());
}

void set(ImGuiCol which, Rgba c) { ImGui::GetStyle().Colors[which] = toVec(c); }

void setColours() {
  using namespace colour;
  set(ImGuiCol_Text, kText);
  set(ImGuiCol_TextDisabled, mixColour(kFaint, kDim, 0.5));
  set(ImGuiCol_WindowBg, kPanel);
  set(ImGuiCol_ChildBg, withAlpha(kPanel, 0));
  set(ImGuiCol_PopupBg, kRaised);
  set(ImGuiCol_Border, kBorder);
  set(ImGuiCol_FrameBg, kRaised);
  set(ImGuiCol_FrameBgHovered, kHover);
  set(ImGuiCol_FrameBgActive, kHover);
  set(ImGuiCol_TitleBg, kRaised);
  set(ImGuiCol_TitleBgActive, kRaised);
  set(ImGuiCol_MenuBarBg, withAlpha(kWindow, 0));  // its region is cleared to that colour
  set(ImGuiCol_ScrollbarBg, withAlpha(kPanel, 0));
  set(ImGuiCol_ScrollbarGrab, kBorder);
  set(ImGuiCol_ScrollbarGrabHovered, kFaint);
  set(ImGuiCol_ScrollbarGrabActive, kDim);
  set(ImGuiCol_CheckMark, kAccent);
  set(ImGuiCol_SliderGrab, kAccent);
  set(ImGuiCol_SliderGrabActive, kText);
  set(ImGuiCol_Button, kRaised);
  set(ImGuiCol_ButtonHovered, kHover);
  set(ImGuiCol_ButtonActive, kBorder);
  set(ImGuiCol_Header, withAlpha(kAccentDeep, 110));
  set(ImGuiCol_HeaderHovered, kHover);
  set(ImGuiCol_HeaderActive, withAlpha(kAccentDeep, 170));
  set(ImGuiCol_Separator, kBorder);
  set(ImGuiCol_NavHighlight, kAccent);
  set(ImGuiCol_TextSelectedBg, withAlpha(kAccentDeep, 150));
  set(ImGuiCol_TableHeaderBg, kRaised);
  set(ImGuiCol_TableBorderLight, kBorder);
  set(ImGuiCol_TableRowBgAlt, withAlpha(kText, 6));
  set(ImGuiCol_ModalWindowDimBg, {8, 9, 12, 150});
  set(ImGuiCol_PlotHistogram, kAccent);
}

}  // namespace

void applyTheme(float scale) {
  ImGuiStyle style;
  style.WindowPadding = {12, 12};
  style.FramePadding = {9, 5};
  style.ItemSpacing = {8, 7};
  style.ItemInnerSpacing = {6, 4};
  style.IndentSpacing = 16;
  style.ScrollbarSize = 11;
  style.GrabMinSize = 10;
  style.WindowRounding = 0;
  style.ChildRounding = 5;
  style.FrameRounding = 5;
  style.PopupRounding = 6;
  style.ScrollbarRounding = 6;
  style.GrabRounding = 5;
  style.WindowBorderSize = 0;
  style.PopupBorderSize = 1;
  style.ScaleAllSizes(scale);
  style.AntiAliasedLinesUseTex = true;
  ImGui::GetStyle() = style;
  setColours();
}

Fonts loadFonts(float scale) {
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  atlas->Clear();
  const std::string regular = interFile("Regular"), bold = interFile("SemiBold"), icons = iconFile();
  const auto size = [scale](float units) { return float(int(units * scale + 0.5f)); };
  Fonts fonts;
  fonts.regular = addText(regular, size(15.5f));
  mergeIcons(icons, size(15.5f));
  fonts.bold = addText(bold, size(15.5f));
  mergeIcons(icons, size(15.5f));
  fonts.small = addText(regular, size(13.5f));
  mergeIcons(icons, size(13.5f));
  fonts.title = addText(bold, size(27));
  fonts.hasIcons = !icons.empty();
  atlas->TexGlyphPadding = 1;
  atlas->Build();
  return fonts;
}

}  // namespace penumbra
