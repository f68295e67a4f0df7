// The lists are our own: what is known to be common from leaked collections in general, with the
// names of games, since servers of games are kept here. They are sorted, which is checked below.

#include "accounts/rules/common_passwords.h"

#include <algorithm>
#include <array>
#include <string>

namespace gk::accounts {
namespace {

// clang-format off
// Twelve or more characters, without spaces and signs. Source: chosen, see above.
// LONG: a list.
constexpr auto kPhrases = std::to_array<std::string_view>({
    "00000000000000", "09876543210987", "0987654321ab", "0987654321qwerty", "101010101010",
    "110110110110", "11111111111111", "111222333444", "112233445566", "112358132134",
    "121212121212", "123123123123", "123321123321", "123412341234", "123456789abc", "123456789qwe",
    "123456abcdef", "123456qwerty", "12345qwertasdfg", "1234qwerasdf", "1234qwerasdfzxcv",
    "123654789987", "123qwe456rty", "123qweasdzxc", "141421356237", "147258369000", "147258369147",
    "159357456852", "159753456852", "161803398874", "1q2w3e4r5t6y", "1q2w3e4r5t6y7u",
    "1q2w3e4r5t6y7u8i", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "1qazxsw23edc", "235711131719",
    "248163264128", "271828182845", "314159265358", "3141592653589", "31415926535897",
    "741852963741", "789456123000", "789456123789", "987654321000", "a123456789012", "a1b2c3d4e5f6",
    "a1b2c3d4e5f6g7", "aaabbbcccddd", "aabbccddeeff", "abc123456789", "abc123abc123",
    "abcd12345678", "abcdabcdabcd", "abcdefghijklmnop", "abcdefghijklmnopqrstuvwxyz",
    "acdcbackinblack", "adminadminadmin", "administrador", "administrateur", "administrator",
    "administratorpassword", "administrators", "adminpassword", "alakazamalakazam", "alhamdulillah",
    "allforoneandoneforall", "alliwantforchristmas", "allyourbasearebelongtous", "anakinskywalker",
    "angelinajolie", "applemacintosh", "arianagrande", "asd123asd123", "asdf12345678",
    "asdfghasdfgh", "asdfghjklzxcvbnm", "asdfqwerzxcv", "assassinscreed", "attackontitan",
    "avadakedavra", "avengersassemble", "averylongpassword", "averystrongpassword",
    "azertyuiopqsdfghjklm", "backstreetboys", "bananabanana", "bankpassword", "baseballplayer",
    "basketballislife", "basketballplayer", "batmanandrobin", "batmanbegins", "batteryhorsestaple",
    "bayernmunich", "beammeupscotty", "believeinyourself", "bettersafethansorry", "bilbobaggins",
    "blackpanther", "blacksabbath", "blueberrypie", "bohemianrhapsody", "borussiadortmund",
    "britneyspears", "butterflybutterfly", "callofdutymw", "captainamerica", "changemelater",
    "changemeplease", "changeonfirstlogin", "changethisnow", "changethispassword", "cheeseburger",
    "chicagobulls", "chickendinner", "chickennuggets", "chocolatecake", "clashofclans",
    "cocacolalight", "cogitoergosum", "computercomputer", "constantinople",
    "correctbatteryhorsestaple", "correcthorse", "correcthorsebatterystaple", "counterstrike",
    "counterstrikego", "cristianoronaldo", "dallascowboys", "davidbeckham", "defaultadmin",
    "defaultpassword", "demodemodemo", "donttouchthis", "dontworrybehappy", "dragonballsuper",
    "dreamcometrue", "econpassword", "elvispresley", "emailpassword", "enterpassword",
    "enteryourpassword", "errarehumanumest", "expectopatronum", "expelliarmus", "facebookpassword",
    "finalfantasy", "finalfantasyvii", "firstpetname", "footballfootball", "footballislife",
    "footballplayer", "forgotpassword", "forgottenpassword", "fortnitebattleroyale",
    "fourscoreandseven", "fourscoreandsevenyearsago", "frodobaggins", "gamekeeperpassword",
    "gameofthrones", "gameserverpassword", "gandalfthegrey", "gmailpassword", "godblessamerica",
    "goodluckhavefun", "goodmorningvietnam", "googlechrome", "gottacatchemall", "grandtheftauto",
    "greatbritain", "greenbaypackers", "guardiansofthegalaxy", "guessmypassword", "guestguestguest",
    "guestpassword", "hacktheplanet", "hakunamatata", "hamburgerhelper", "happybirthday",
    "happybirthdaytoyou", "happyhalloween", "happynewyear", "hellohellohello", "hellokittylover",
    "helloworld123", "highwaytohell", "hippopotamus", "horsebatterystaple", "hotelcalifornia",
    "iamyourfather", "icecreamsandwich", "icloudpassword", "idontremember", "iforgotmypassword",
    "ihatemondays", "ihatepasswords", "ilovechocolate", "ilovefootball", "iloveminecraft",
    "ilovemyfamily", "ilovemyhusband", "iloveyoubabe", "iloveyoubaby", "iloveyouforever",
    "iloveyousomuch", "incorrectpassword", "ingodwetrust", "insertpasswordhere", "installinstall",
    "internetexplorer", "ironmantonystark", "jesuslovesme", "justiceleague", "justinbieber",
    "keepcalmandcarryon", "kingdomhearts", "leagueoflegends", "legendofzelda", "leonardodicaprio",
    "letmeinletmein", "letmeinplease", "linkinparkfan", "livelaughlove", "livelongandprosper",
    "lkjhgfdsamnbvcxz", "longpassword", "lordoftherings", "lordvoldemort", "loremipsumdolor",
    "loremipsumdolorsitamet", "losangeleslakers", "lukeskywalker", "macaroniandcheese",
    "manchestercity", "manchesterunited", "marilynmonroe", "maryhadalittlelamb", "massachusetts",
    "masterpassword", "maytheforcebewithyou", "merrychristmas", "metalgearsolid", "metallicarocks",
    "michaeljackson", "michaeljordan", "michaelschumacher", "microsoftwindows", "mikeschumacher",
    "millenniumfalcon", "minecraftcreeper", "minecraftrules", "minecraftserver", "minetestpassword",
    "mnbvcxzlkjhgfdsa", "mortalkombat", "mothermaidenname", "mothersmaidenname", "mozillafirefox",
    "mypassword123", "mypasswordis", "mysecretpassword", "nameofmyfirstpet", "narutouzumaki",
    "needforspeed", "nevergonnagiveyouup", "nevergonnaletyoudown", "neversaynever",
    "newcastleunited", "nirvananirvana", "noonewillguess", "noonewillknow", "notapassword",
    "notmypassword", "obiwankenobi", "oldschoolrunescape", "olympiquemarseille", "onedirection",
    "onedirectionlover", "onetwothreefour", "onetwothreefourfive", "opensesamenow",
    "openttdpassword", "parissaintgermain", "passwordisincorrect", "passwordispassword",
    "passwordpassword", "peanutbutter", "peanutbutterjelly", "philadelphia", "pikachupikachu",
    "pineapplepizza", "pittsburghsteelers", "pleasechangeme", "pleasechangethis", "pleaseletmein",
    "poiuytrewqlkjhgfdsa", "pokemonmaster", "powerrangers", "praisethelord", "princesspeach",
    "princesszelda", "q1w2e3r4t5y6", "q1w2e3r4t5y6u7", "qazwsxedcrfv", "qazwsxedcrfvtgb",
    "quickbrownfox", "qwe123qwe123", "qweasd123456", "qweasdzxcqweasdzxc", "qweasdzxcrty",
    "qwer12345678", "qwertyqwerty", "qwertyuiopasdfghjkl", "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdf", "rconpassword", "reddeadredemption", "redeadredemption", "redhotchilipeppers",
    "replacethispassword", "residentevil", "resistanceisfutile", "rollingstones", "rootpassword",
    "rootrootroot", "routerpassword", "rowrowrowyourboat", "saintgermain", "sanfrancisco",
    "sasukeuchiha", "secretpassword", "securepassword", "semperfidelis", "semperparatus",
    "serverpassword", "shazamshazam", "soccerplayer", "spidermanfan", "stairwaytoheaven",
    "startrekvoyager", "stephencurry", "stormtrooper", "strawberries", "streetfighter",
    "strongpassword", "sunshinesunshine", "supercalifragilisticexpialidocious", "supermanreturns",
    "supermariobros", "supersecretpassword", "sweetchildomine", "systemadministrator",
    "teamfortress", "teenagemutantninjaturtles", "teeworldspassword", "temporarypassword",
    "temppassword", "testingtesting", "testpassword", "testtesttest", "thankyoujesus",
    "thedarkknight", "thepasswordispassword", "thequickbrownfox",
    "thequickbrownfoxjumpsoverthelazydog", "thereisnopassword", "thisisapassword", "thisisasecret",
    "thisismypassword", "thisisthepassword", "thispassword", "tobeornottobe",
    "tobeornottobethatisthequestion", "topsecretpassword", "tottenhamhotspur", "transformers",
    "twinkletwinklelittlestar", "typepasswordhere", "unitedkingdom", "unitedstates",
    "unitedstatesofamerica", "userpassword", "useruseruser", "valarmorghulis", "valentinorossi",
    "venividivici", "verysecretpassword", "vinividivici", "wearethechampions", "welcomebackhome",
    "welcometomyworld", "welcometothejungle", "welcomewelcome", "westhamunited", "wewillrockyou",
    "wifipassword", "windowsserver", "windowsvista", "winnerwinner", "winnerwinnerchickendinner",
    "winteriscoming", "wirelesspassword", "worldofwarcraft", "wrongpassword", "youaremysunshine",
    "youcantguessthis", "youknowwhatitis", "youllneverwalkalone", "yourpasswordhere",
    "youshallnotpass", "youwillneverguess", "zaq12wsx3edc", "zaq12wsxcde3", "zaq1xsw2cde3",
    "zaqxswcdevfr", "zinedinezidane", "zxcvbnm12345", "zxcvbnmasdfghjkl"
});

// Shorter ones, and words that passwords are put together from. Source: chosen, see above.
// LONG: a list.
constexpr auto kStems = std::to_array<std::string_view>({
    "abc", "abcd", "abcdef", "abracadabra", "abrakadabra", "access", "acmilan", "admin",
    "adminadmin", "administrator", "alea", "alejandro", "alexander", "allahuakbar", "allyourbase",
    "always", "amanda", "america", "amongus", "amsterdam", "andrea", "andrew", "android", "angel",
    "angels", "anna", "anonymous", "anthony", "apple", "april", "arsenal", "arsenalfc", "asdasd",
    "asdf", "asdfgh", "asdfghjkl", "ashley", "assassin", "asshole", "august", "australia", "autumn",
    "azerty", "baby", "babyboy", "babygirl", "backinblack", "backup", "banana", "barcelona",
    "barcelonafc", "baseball", "basketball", "batman", "battlefield", "bayern", "bear", "beatles",
    "beer", "berlin", "besiktas", "big", "bismillah", "bitch", "bitcoin", "black", "bless",
    "blessed", "blue", "bobmarley", "bocajuniors", "boston", "brazil", "brucelee", "buenosaires",
    "butterfly", "california", "callofduty", "camaro", "canada", "captainkirk", "carlos",
    "carpediem", "cash", "cat", "caterpillar", "celticfc", "champion", "changeit", "changeme",
    "changemenow", "changethis", "charlie", "cheese", "chelsea", "chelseafc", "cherry", "chicago",
    "chicken", "chimpanzee", "chocolate", "christ", "christopher", "chucknorris", "cisco",
    "clashroyale", "cocacola", "coffee", "computer", "contrasena", "cookie", "copenhagen",
    "corinthians", "corvette", "counterstrike", "cowboys", "cricket", "cristiano", "crocodile",
    "crypto", "daenerys", "daisy", "daniel", "darling", "darthvader", "database", "david", "debian",
    "december", "deeppurple", "default", "defaultuser", "demo", "deutschland", "devil", "diablo",
    "diabloiii", "diamond", "discord", "dog", "dollar", "dolphin", "doom", "dortmund", "dragon",
    "dragonball", "dragonballz", "drummer", "dumbledore", "eagle", "eagles", "elephant",
    "elephants", "elizabeth", "eminem", "england", "espana", "everything", "example", "facebook",
    "faith", "falcon", "fallout", "fcbarcelona", "february", "fenerbahce", "ferrari", "flamengo",
    "florida", "flower", "football", "forever", "fortnite", "france", "freedom", "friday", "frodo",
    "fuck", "fuckyou", "galatasaray", "game", "gamekeeper", "gamer", "games", "gameserver",
    "gaming", "gandalf", "george", "germany", "ghost", "ginger", "god", "godblessme", "godblessyou",
    "godisgood", "godislove", "godofwar", "goku", "gold", "golden", "golf", "goodbye",
    "goodmorning", "goodnight", "google", "grace", "green", "greenday", "gryffindor", "gta",
    "guesswhat", "guesswho", "guest", "guitar", "guns", "gunsnroses", "hacked", "hacker",
    "hackerman", "hackme", "hackthis", "halflife", "halflifetwo", "halo", "hansolo", "happy",
    "harley", "harrypotter", "haslo", "hearthstone", "heartstone", "heaven", "hello", "hellokitty",
    "helloworld", "hermione", "heslo", "hobbit", "hockey", "hodorhodor", "hogwarts", "honda",
    "honey", "hope", "horse", "hottie", "hufflepuff", "hulk", "hunter", "iacta", "idontknow",
    "iforgotit", "ihateschool", "ihatethis", "ihateyou", "iloveanime", "ilovecoffee", "ilovegames",
    "ilovegaming", "ilovegod", "ilovejesus", "ilovemusic", "ilovemycat", "ilovemydog",
    "ilovemylife", "ilovemymom", "ilovemyself", "ilovemywife", "ilovepizza", "iloveu", "iloveyou",
    "iloveyoumom", "iloveyoutoo", "imissyou", "india", "inshallah", "instagram", "intermilan",
    "internet", "internetz", "iphone", "ironmaiden", "ironman", "is", "italia", "itisasecret",
    "itsasecret", "jack", "jackiechan", "james", "january", "jasmine", "jennifer", "jessica",
    "jesus", "jesuschrist", "jesusislord", "jesusislove", "jesusmylord", "jesussaves",
    "jimihendrix", "john", "johnnydepp", "joker", "jonsnow", "jordan", "jose", "joseph", "joshua",
    "juan", "july", "june", "justdoit", "justice", "juventus", "juventusfc", "kawasaki", "keepcalm",
    "khaleesi", "killer", "king", "kitty", "knight", "kobebryant", "kurtcobain", "lakers",
    "laracroft", "laura", "lebronjames", "ledzeppelin", "leedsunited", "leomessi", "letmein",
    "letmeinnow", "liberty", "lightning", "lily", "linkinpark", "linux", "lion", "lionelmessi",
    "liverpool", "liverpoolfc", "login", "london", "loremipsum", "losangeles", "losenord", "love",
    "lovely", "loveme", "loveyou", "luanti", "lucifer", "luck", "lucky", "luigi", "macintosh",
    "madrid", "manchester", "march", "maria", "mario", "mashallah", "master", "masterchief",
    "masteryoda", "matrix", "matthew", "maverick", "maytheforce", "mega", "memento", "mementomori",
    "mercedes", "metallica", "mexico", "mexicocity", "michael", "michelle", "microsoft", "milan",
    "minecraft", "mohammed", "monday", "money", "monkey", "mori", "moscow", "motdepasse",
    "mountaindew", "mrspock", "muhammad", "music", "mustang", "my", "mylove", "myprecious", "mysql",
    "naruto", "network", "nevergiveup", "new", "newpassword", "newyork", "newzealand", "nicole",
    "ninja", "nintendo", "nirvana", "nobody", "nobodyknows", "nopassword", "nothing", "november",
    "nroses", "october", "old", "oldpassword", "onepiece", "onering", "onetwothree", "opensesame",
    "openthedoor", "openttd", "oracle", "orange", "overwatch", "packers", "pakistan", "palmeiras",
    "panda", "paris", "parola", "pass", "passphrase", "passwd", "password", "passwort", "patrick",
    "patriots", "peace", "pedro", "pepper", "phantom", "pikachu", "pink", "pinkfloyd", "pizza",
    "player", "playstation", "poiuytrewq", "pokemon", "pony", "porsche", "postgres", "prince",
    "princess", "puppy", "purple", "pussy", "qazwsx", "quake", "queen", "qweasd", "qweasdzxc",
    "qwerty", "qwertyuiop", "qwertz", "raiders", "rambo", "ranger", "rangersfc", "ravenclaw",
    "realmadrid", "red", "replaceme", "rhinoceros", "rich", "riverplate", "robert", "roblox",
    "rockstar", "rocky", "ronaldinho", "root", "rose", "router", "rugby", "runescape", "russia",
    "sailormoon", "salasana", "samantha", "sample", "samsung", "samurai", "saopaulo", "sarah",
    "sasuke", "satan", "secret", "security", "selenagomez", "semperfi", "senha", "september",
    "server", "service", "sesame", "sex", "sexy", "shadow", "shark", "sifre", "silver", "skyrim",
    "slipknot", "slytherin", "smile", "sniper", "soccer", "soldier", "solidsnake", "somebody",
    "something", "sonic", "southafrica", "spider", "spiderman", "spring", "starcraft",
    "starcraftii", "startrek", "starwars", "starwarsfan", "steam", "steelers", "stephanie",
    "stockholm", "storm", "strawberry", "subhanallah", "summer", "sunday", "sunflowers", "sunshine",
    "sunshineday", "super", "superman", "supermario", "supersecret", "supersecure", "superuser",
    "suzuki", "sweetdreams", "sweetheart", "sweethearts", "switzerland", "sysadmin", "system",
    "systemadmin", "taylorswift", "teeworlds", "temp", "temporary", "tennis", "terminator", "test",
    "testaccount", "tester", "testing", "testuser", "tetris", "texas", "thankyougod", "the",
    "thelastofus", "this", "thomas", "thor", "thunder", "tibiarules", "tiger", "tombraider", "toor",
    "topsecret", "tottenham", "toyota", "troubador", "troubadour", "trustno", "trustnobody",
    "trustnoone", "twitch", "twitter", "ubuntu", "ultra", "unhackable", "united", "user",
    "valorant", "verysecret", "verysecure", "vodka", "voldemort", "wachtwoord", "warcraft",
    "warcraftiii", "warrior", "watermelon", "waynerooney", "welcome", "welcomehome", "whatever",
    "whiskey", "white", "william", "windows", "windowsxp", "winner", "winter", "wireless", "wolf",
    "wonderwoman", "worldofwarcraft", "xbox", "yamaha", "yankees", "yellow", "your", "youtube",
    "zaq", "zelda", "zxcv", "zxcvbn", "zxcvbnm"
});
// clang-format on

static_assert(std::is_sorted(kPhrases.begin(), kPhrases.end()));
static_assert(std::is_sorted(kStems.begin(), kStems.end()));

constexpr std::size_t kMaxDecoration = 8;  // Source: chosen; 8 free characters are worth guessing

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The letter that a digit or sign stands for in common substitutions; 0 when for none.
char unleet(char c, char one) {
  switch (c) {
    case '0': return 'o';
    case '1':
    case '!':
    case '|': return one;
    case '3': return 'e';
    case '4':
    case '@': return 'a';
    case '5':
    case '$': return 's';
    case '7':
    case '+': return 't';
    default: return is_letter(c) ? c : '\0';
  }
}

bool on_phrases(std::string_view text) {
  return std::binary_search(kPhrases.begin(), kPhrases.end(), text);
}
bool on_stems(std::string_view text) {
  return std::binary_search(kStems.begin(), kStems.end(), text);
}

bool is_one_or_two_stems(std::string_view text) {
  if (on_stems(text)) return true;
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    if (on_stems(text.substr(0, cut)) && on_stems(text.substr(cut))) return true;
  }
  return false;
}

/// `text` without the digits and signs around it.
std::string_view core_of(std::string_view text) {
  const auto first = std::find_if(text.begin(), text.end(), is_letter);
  const auto last = std::find_if(text.rbegin(), text.rend(), is_letter);
  if (first == text.end()) return {};
  return text.substr(static_cast<std::size_t>(first - text.begin()),
                     static_cast<std::size_t>(last.base() - first));
}

/// The core with substitutions undone; the rest of it is dropped.
std::string unleeted(std::string_view core, char one) {
  std::string out;
  for (const char c : core) {
    if (const char letter = unleet(c, one); letter != '\0') out += letter;
  }
  return out;
}

bool is_decorated_word(std::string_view lowered) {
  const std::string_view core = core_of(lowered);
  std::string letters(core);
  std::erase_if(letters, [](char c) { return !is_letter(c); });
  if (lowered.size() - letters.size() <= kMaxDecoration && is_one_or_two_stems(letters)) {
    return true;
  }
  if (lowered.size() - core.size() > kMaxDecoration) return false;
  for (const char one : {'i', 'l'}) {
    const std::string text = unleeted(core, one);
    if (on_phrases(text) || is_one_or_two_stems(text)) return true;
  }
  return false;
}

}  // namespace

bool is_common_password(std::string_view password) {
  std::string lowered(password);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  std::string plain = lowered;
  std::erase_if(plain, [](char c) { return !is_letter(c) && !is_digit(c); });
  // Signs of their own worth are not dropped: a phrase with more than that is not the phrase.
  const bool few_signs = lowered.size() - plain.size() <= kMaxDecoration;
  return (few_signs && on_phrases(plain)) || is_decorated_word(lowered);
}

}  // namespace gk::accounts
