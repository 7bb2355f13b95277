// The formats: DWARF 5 section 6.4 and the Linux Standard Base for .eh_frame, the Itanium C++ ABI (exception handling
// tables, level 2) for the language-specific data.
#include "failure/landing_pad.hpp"

#include "heed/failure/rethrow.hpp"

#ifdef HEED_CAN_LAND_DIRECTLY

#include <cxxabi.h>
#include <unwind.h>

#include <cstring>

extern "C" {
// Exported by libgcc since 3.0, in no header.
struct heed_eh_bases {
  void* text;
  void* data;
  void* function;
};
const void* _Unwind_Find_FDE(void* address, heed_eh_bases* bases);
_Unwind_Reason_Code __gxx_personality_v0(int, _Unwind_Action, _Unwind_Exception_Class, _Unwind_Exception*,
                                         _Unwind_Context*);
}

namespace heed::detail {

namespace {

// Reads values from one of these tables. What it does not know makes it bad, and all that it reads then zero.
class Reader {
 public:
  explicit Reader(const unsigned char* position, const unsigned char* end = nullptr) noexcept
      : position_(position), end_(end) {}

  bool good() const noexcept { return good_; }
  bool at_end() const noexcept { return !good_ || (end_ && position_ >= end_); }
  const unsigned char* position() const noexcept { return position_; }
  void skip(std::uintptr_t bytes) noexcept { position_ += bytes; }
  void fail() noexcept { good_ = false; }

  template <class T>
  T fixed() noexcept {
    T value;
    std::memcpy(&value, position_, sizeof value);
    position_ += sizeof value;
    return value;
  }
  unsigned char byte() noexcept { return fixed<unsigned char>(); }

  std::uintptr_t uleb128() noexcept {
    std::uintptr_t value = 0;
    unsigned char part;
    unsigned shift = 0;
    do {
      part = byte();
      if (shift < 64) value |= static_cast<std::uintptr_t>(part & 0x7f) << shift;
      shift += 7;
    } while (part & 0x80);
    return value;
  }
  std::intptr_t sleb128() noexcept {
    std::uintptr_t value = 0;
    unsigned char part;
    unsigned shift = 0;
    do {
      part = byte();
      if (shift < 64) value |= static_cast<std::uintptr_t>(part & 0x7f) << shift;
      shift += 7;
    } while (part & 0x80);
    if (shift < 64 && (part & 0x40)) value |= ~std::uintptr_t{0} << shift;
    return static_cast<std::intptr_t>(value);
  }

  // A pointer in one of the encodings of DW_EH_PE; `function` is the start of the function for those relative to it.
  std::uintptr_t pointer(unsigned char encoding, std::uintptr_t function = 0) noexcept {
    if (encoding == omitted) return 0;
    auto here = reinterpret_cast<std::uintptr_t>(position_);
    std::uintptr_t value = 0;
    switch (encoding & 0x0f) {
      case 0x00:
      case 0x04:
      case 0x0c: value = fixed<std::uintptr_t>(); break;
      case 0x01: value = uleb128(); break;
      case 0x02: value = fixed<std::uint16_t>(); break;
      case 0x03: value = fixed<std::uint32_t>(); break;
      case 0x09: value = static_cast<std::uintptr_t>(sleb128()); break;
      case 0x0a: value = static_cast<std::uintptr_t>(std::intptr_t{fixed<std::int16_t>()}); break;
      case 0x0b: value = static_cast<std::uintptr_t>(std::intptr_t{fixed<std::int32_t>()}); break;
      default: return fail(), 0;
    }
    if (value == 0) return 0;
    switch (encoding & 0x70) {
      case 0x00: break;
      case 0x10: value += here; break;
      case 0x40: value += function; break;
      default: return fail(), 0;
    }
    if (encoding & 0x80) std::memcpy(&value, reinterpret_cast<const void*>(value), sizeof value);
    return value;
  }
  static constexpr unsigned char omitted = 0xff;

 private:
  const unsigned char* position_;
  const unsigned char* end_;
  bool good_ = true;
};

// What the frame description of a function says.
struct Frame {
  bool known = false;
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  const unsigned char* language_data = nullptr;
};

// Follows the call frame instructions up to a call, and only for one thing: whether the stack pointer stands below
// arguments that were pushed for another call. The landing pad expects it elsewhere then.
class PushedArguments {
 public:
  PushedArguments(std::uintptr_t function, std::uintptr_t call, std::uintptr_t code_alignment,
                  unsigned char pointer_encoding) noexcept
      : at_(function), call_(call), code_alignment_(code_alignment), pointer_encoding_(pointer_encoding) {}

  // False when there is something unknown among the instructions.
  bool follow(Reader instructions) noexcept {
    while (!instructions.at_end() && at_ <= call_) {
      unsigned char code = instructions.byte();
      switch (code & 0xc0) {
        case 0x40: at_ += (code & 0x3f) * code_alignment_; continue;  // advance_loc
        case 0x80: instructions.uleb128(); continue;                  // offset
        case 0xc0: continue;                                          // restore
        default: break;
      }
      switch (code) {
        case 0x00:
        case 0x0a:
        case 0x0b:
        case 0x2d: break;  // nop, remember_state, restore_state, window_save (on aarch64 negate_ra_state)
        case 0x01: at_ = instructions.pointer(pointer_encoding_); break;
        case 0x02: at_ += instructions.byte() * code_alignment_; break;
        case 0x03: at_ += instructions.fixed<std::uint16_t>() * code_alignment_; break;
        case 0x04: at_ += instructions.fixed<std::uint32_t>() * code_alignment_; break;
        case 0x06:
        case 0x07:
        case 0x08:
        case 0x0d:
        case 0x0e: instructions.uleb128(); break;
        case 0x13: instructions.sleb128(); break;
        case 0x05:
        case 0x09:
        case 0x0c:
        case 0x14:
        case 0x2f:
          instructions.uleb128();
          instructions.uleb128();
          break;
        case 0x11:
        case 0x12:
        case 0x15:
          instructions.uleb128();
          instructions.sleb128();
          break;
        case 0x0f: instructions.skip(instructions.uleb128()); break;  // an expression
        case 0x10:
        case 0x16:
          instructions.uleb128();
          instructions.skip(instructions.uleb128());
          break;
        case 0x2e: bytes_ = instructions.uleb128(); break;  // GNU_args_size
        default: return false;
      }
    }
    return instructions.good();
  }
  std::uintptr_t bytes() const noexcept { return bytes_; }

 private:
  std::uintptr_t at_;
  std::uintptr_t call_;
  std::uintptr_t code_alignment_;
  unsigned char pointer_encoding_;
  std::uintptr_t bytes_ = 0;
};

Frame read_frame(std::uintptr_t address) noexcept {
  heed_eh_bases bases{};
  const void* description = _Unwind_Find_FDE(reinterpret_cast<void*>(address), &bases);
  if (!description) return {};
  const auto* begin = static_cast<const unsigned char*>(description);
  Reader entry(begin);
  auto length = entry.fixed<std::uint32_t>();
  if (length == 0 || length == 0xffffffffu) return {};  // 64-bit DWARF is not used for .eh_frame
  const unsigned char* entry_end = entry.position() + length;
  const unsigned char* back = entry.position();
  Reader common(back - entry.fixed<std::int32_t>());
  auto common_length = common.fixed<std::uint32_t>();
  const unsigned char* common_end = common.position() + common_length;
  if (common.fixed<std::uint32_t>() != 0) return {};
  unsigned char version = common.byte();
  const auto* augmentation = reinterpret_cast<const char*>(common.position());
  common.skip(std::strlen(augmentation) + 1);
  if ((version != 1 && version != 3) || *augmentation != 'z') return {};
  std::uintptr_t code_alignment = common.uleb128();
  common.sleb128();  // data alignment
  if (version == 1)
    common.skip(1);
  else
    common.uleb128();  // return address register
  std::uintptr_t augmentation_length = common.uleb128();
  const unsigned char* instructions = common.position() + augmentation_length;
  unsigned char pointers = 0, language = Reader::omitted;
  std::uintptr_t personality = 0;
  for (const char* letter = augmentation + 1; *letter; ++letter) {
    switch (*letter) {
      case 'R': pointers = common.byte(); break;
      case 'L': language = common.byte(); break;
      case 'P': {
        unsigned char encoding = common.byte();
        personality = common.pointer(encoding);
        break;
      }
      case 'B': break;     // aarch64: return addresses are signed with the second key
      default: return {};  // also 'S', a signal's frame
    }
  }
  if (!common.good() || personality != reinterpret_cast<std::uintptr_t>(&__gxx_personality_v0)) return {};

  Frame frame;
  frame.start = entry.pointer(pointers);
  frame.end = frame.start + entry.pointer(pointers & 0x0f);
  std::uintptr_t data_length = entry.uleb128();
  const unsigned char* data = entry.position();
  std::uintptr_t language_data = entry.pointer(language, frame.start);
  if (!entry.good() || language_data == 0 || address < frame.start || address >= frame.end) return {};
  PushedArguments pushed(frame.start, address, code_alignment, pointers);
  if (!pushed.follow(Reader(instructions, common_end)) || !pushed.follow(Reader(data + data_length, entry_end)) ||
      pushed.bytes() != 0)
    return {};
  frame.language_data = reinterpret_cast<const unsigned char*>(language_data);
  frame.known = true;
  return frame;
}

// The language-specific data of a function: which landing pad belongs to which call, and what it handles.
class HandlerTable {
 public:
  explicit HandlerTable(const Frame& frame) noexcept : calls_(frame.language_data), start_(frame.start) {
    unsigned char encoding = calls_.byte();
    pads_ = encoding == Reader::omitted ? start_ : calls_.pointer(encoding, start_);
    type_encoding_ = calls_.byte();
    if (type_encoding_ != Reader::omitted) {
      std::uintptr_t offset = calls_.uleb128();
      types_ = calls_.position() + offset;
    }
    call_encoding_ = calls_.byte();
    std::uintptr_t length = calls_.uleb128();
    actions_ = calls_.position() + length;
  }

  // The landing pad for the call that contains this address, if it handles an exception of this type.
  LandingPad find(std::uintptr_t address, const std::type_info& type, void* object) noexcept {
    while (calls_.good() && calls_.position() < actions_) {
      std::uintptr_t start = start_ + calls_.pointer(call_encoding_);
      std::uintptr_t length = calls_.pointer(call_encoding_);
      std::uintptr_t pad = calls_.pointer(call_encoding_);
      std::uintptr_t action = calls_.uleb128();
      if (address < start) return {};
      if (address >= start + length) continue;
      // Without an action there is nothing but destructors: the handler is in another function.
      if (!calls_.good() || pad == 0 || action == 0) return {};
      LandingPad found = handler(actions_ + action - 1, type, object);
      if (found.action) found.address = pads_ + pad;
      return found;
    }
    return {};
  }

 private:
  LandingPad handler(const unsigned char* action, const std::type_info& type, void* object) noexcept {
    for (;;) {
      Reader reader(action);
      std::intptr_t filter = reader.sleb128();
      const unsigned char* link = reader.position();
      std::intptr_t next = reader.sleb128();
      if (filter < 0) return {};  // an exception specification
      if (filter > 0) {
        Reader entry(types_ - filter * size_of_type());
        const auto* caught = reinterpret_cast<const std::type_info*>(entry.pointer(type_encoding_));
        if (!entry.good() || size_of_type() == 0) return {};
        void* adjusted = object;
        if (!caught || caught->__do_catch(&type, &adjusted, 1)) {
          LandingPad found;
          found.filter = static_cast<int>(filter);
          found.adjustment = static_cast<char*>(adjusted) - static_cast<char*>(object);
          found.action = action;
          return found;
        }
      }
      if (next == 0) return {};
      action = link + next;
    }
  }
  std::intptr_t size_of_type() const noexcept {
    switch (type_encoding_ & 0x0f) {
      case 0x00:
      case 0x04:
      case 0x0c: return 8;
      case 0x03:
      case 0x0b: return 4;
      case 0x02:
      case 0x0a: return 2;
      default: return 0;
    }
  }

  Reader calls_;
  std::uintptr_t start_;
  std::uintptr_t pads_ = 0;
  const unsigned char* types_ = nullptr;
  const unsigned char* actions_ = nullptr;
  unsigned char type_encoding_ = Reader::omitted;
  unsigned char call_encoding_ = 0;
};

}  // namespace

LandingPad find_landing_pad(std::uintptr_t return_address, const std::type_info& type, void* object) noexcept {
  // Of a class alone it is certain that each object of it looks the same to its handlers; a pointer is not caught as
  // such, but what it points to.
  if (!dynamic_cast<const abi::__class_type_info*>(&type)) return {};
  std::uintptr_t call = return_address - 1;
  Frame frame = read_frame(call);
  if (!frame.known) return {};
  LandingPad pad = HandlerTable(frame).find(call, type, object);
  pad.language_data = frame.language_data;
  return pad;
}

}  // namespace heed::detail

#endif
