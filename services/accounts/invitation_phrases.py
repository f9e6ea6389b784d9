# ruff: noqa: RUF001 - other scripts are what the table is about
"""What invitations say, in the language of the client that invites.

{by} is who invites, {client} the client, {place} the installation's host, {until} a moment.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from services.languages.codes import DEFAULT_LANGUAGE, negotiate_language


class InvitationPhrases(NamedTuple):
    """The sentences of two mails: to somebody without an account, and to somebody with one."""

    invitation: str
    invited: str
    begin: str
    choose: str
    until: str
    ignore: str
    membership: str
    added: str
    as_ever: str
    open_dashboard: str


def invitation_phrases(language: str | None) -> tuple[str, InvitationPhrases]:
    """The sentences in a language, English if it is none of ours, and which language they are."""
    spoken = negotiate_language(language, tuple(_PHRASES), DEFAULT_LANGUAGE)
    return spoken, _PHRASES[spoken]


_PHRASES: Final[Mapping[str, InvitationPhrases]] = {
    "en": InvitationPhrases(
        "Invitation to {client}",
        "{by} has invited you to work for {client} at {place}.",
        "Choose a password to begin.",
        "Choose a password",
        "The link works once, until {until}.",
        "If you did not expect this, you need not do anything.",
        "You work for {client} now",
        "{by} has added you to {client} at {place}.",
        "Sign in with your account as ever.",
        "Open the dashboard",
    ),
    "fr": InvitationPhrases(
        "Invitation à rejoindre {client}",
        "{by} vous invite à travailler pour {client} sur {place}.",
        "Choisissez un mot de passe pour commencer.",
        "Choisir un mot de passe",
        "Le lien fonctionne une seule fois, jusqu’au {until}.",
        "Si vous n’attendiez pas ce message, vous n’avez rien à faire.",
        "Vous travaillez maintenant pour {client}",
        "{by} vous a ajouté à {client} sur {place}.",
        "Connectez-vous avec votre compte habituel.",
        "Ouvrir le tableau de bord",
    ),
    "es": InvitationPhrases(
        "Invitación a {client}",
        "{by} le ha invitado a trabajar para {client} en {place}.",
        "Elija una contraseña para empezar.",
        "Elegir una contraseña",
        "El enlace funciona una sola vez, hasta el {until}.",
        "Si no esperaba este mensaje, no tiene que hacer nada.",
        "Ahora trabaja para {client}",
        "{by} le ha añadido a {client} en {place}.",
        "Inicie sesión con su cuenta de siempre.",
        "Abrir el panel",
    ),
    "de": InvitationPhrases(
        "Einladung zu {client}",
        "{by} hat Sie eingeladen, auf {place} für {client} zu arbeiten.",
        "Wählen Sie ein Passwort, um zu beginnen.",
        "Passwort wählen",
        "Der Link funktioniert einmal, bis {until}.",
        "Wenn Sie das nicht erwartet haben, brauchen Sie nichts zu tun.",
        "Sie arbeiten jetzt für {client}",
        "{by} hat Sie auf {place} zu {client} hinzugefügt.",
        "Melden Sie sich wie immer mit Ihrem Konto an.",
        "Dashboard öffnen",
    ),
    "it": InvitationPhrases(
        "Invito a {client}",
        "{by} ti ha invitato a lavorare per {client} su {place}.",
        "Scegli una password per iniziare.",
        "Scegli una password",
        "Il link funziona una sola volta, fino al {until}.",
        "Se non ti aspettavi questo messaggio, non devi fare nulla.",
        "Ora lavori per {client}",
        "{by} ti ha aggiunto a {client} su {place}.",
        "Accedi con il tuo account, come sempre.",
        "Apri la dashboard",
    ),
    "pt": InvitationPhrases(
        "Convite para {client}",
        "{by} convidou você para trabalhar para {client} em {place}.",
        "Escolha uma senha para começar.",
        "Escolher uma senha",
        "O link funciona uma única vez, até {until}.",
        "Se você não esperava esta mensagem, não precisa fazer nada.",
        "Agora você trabalha para {client}",
        "{by} adicionou você a {client} em {place}.",
        "Entre com a sua conta, como sempre.",
        "Abrir o painel",
    ),
    "nl": InvitationPhrases(
        "Uitnodiging voor {client}",
        "{by} heeft u uitgenodigd om op {place} voor {client} te werken.",
        "Kies een wachtwoord om te beginnen.",
        "Kies een wachtwoord",
        "De link werkt één keer, tot {until}.",
        "Als u dit niet verwachtte, hoeft u niets te doen.",
        "U werkt nu voor {client}",
        "{by} heeft u op {place} toegevoegd aan {client}.",
        "Meld u zoals altijd aan met uw account.",
        "Dashboard openen",
    ),
    "pl": InvitationPhrases(
        "Zaproszenie do {client}",
        "{by} zaprasza do pracy dla {client} w {place}.",
        "Aby zacząć, wybierz hasło.",
        "Wybierz hasło",
        "Link działa jeden raz, do {until}.",
        "Jeśli ta wiadomość jest nieoczekiwana, nie trzeba nic robić.",
        "Od teraz pracujesz dla {client}",
        "{by} dodaje Cię do {client} w {place}.",
        "Zaloguj się jak zawsze na swoje konto.",
        "Otwórz panel",
    ),
    "ja": InvitationPhrases(
        "{client} への招待",
        "{by} さんから、{place} の {client} に招待されました。",
        "はじめにパスワードを設定してください。",
        "パスワードを設定する",
        "このリンクは {until} まで、一度だけ有効です。",
        "お心当たりのない場合は、何もする必要はありません。",
        "{client} のメンバーになりました",
        "{by} さんが、あなたを {place} の {client} に追加しました。",
        "いつものアカウントでログインしてください。",
        "ダッシュボードを開く",
    ),
    "zh": InvitationPhrases(
        "邀请您加入 {client}",
        "{by} 邀请您在 {place} 为 {client} 工作。",
        "请先设置密码。",
        "设置密码",
        "此链接只能使用一次，有效期至 {until}。",
        "如果您并未预料到此邮件，无需进行任何操作。",
        "您现在是 {client} 的成员",
        "{by} 已将您添加到 {place} 的 {client}。",
        "请照常使用您的账户登录。",
        "打开控制台",
    ),
    "ar": InvitationPhrases(
        "دعوة إلى {client}",
        "دعاك {by} إلى العمل لدى {client} على {place}.",
        "اختر كلمة مرور للبدء.",
        "اختيار كلمة مرور",
        "يعمل الرابط مرة واحدة فقط، حتى {until}.",
        "إذا لم تكن تتوقع هذه الرسالة، فلا يلزمك فعل أي شيء.",
        "أنت تعمل الآن لدى {client}",
        "أضافك {by} إلى {client} على {place}.",
        "سجّل الدخول بحسابك كالمعتاد.",
        "فتح لوحة التحكم",
    ),
    "hi": InvitationPhrases(
        "{client} के लिए आमंत्रण",
        "{by} ने आपको {place} पर {client} के लिए काम करने का आमंत्रण दिया है।",
        "शुरू करने के लिए एक पासवर्ड चुनें।",
        "पासवर्ड चुनें",
        "यह लिंक {until} तक केवल एक बार काम करता है।",
        "यदि आपको इसकी अपेक्षा नहीं थी, तो आपको कुछ करने की ज़रूरत नहीं है।",
        "अब आप {client} के लिए काम करते हैं",
        "{by} ने आपको {place} पर {client} में जोड़ा है।",
        "हमेशा की तरह अपने खाते से साइन इन करें।",
        "डैशबोर्ड खोलें",
    ),
    "id": InvitationPhrases(
        "Undangan ke {client}",
        "{by} mengundang Anda untuk bekerja bagi {client} di {place}.",
        "Pilih kata sandi untuk memulai.",
        "Pilih kata sandi",
        "Tautan ini berfungsi satu kali, hingga {until}.",
        "Jika Anda tidak mengharapkan pesan ini, Anda tidak perlu melakukan apa pun.",
        "Anda sekarang bekerja untuk {client}",
        "{by} menambahkan Anda ke {client} di {place}.",
        "Masuklah dengan akun Anda seperti biasa.",
        "Buka dasbor",
    ),
    "th": InvitationPhrases(
        "คำเชิญเข้าร่วม {client}",
        "{by} เชิญคุณให้ทำงานกับ {client} ที่ {place}",
        "เลือกรหัสผ่านเพื่อเริ่มต้น",
        "เลือกรหัสผ่าน",
        "ลิงก์นี้ใช้ได้ครั้งเดียว จนถึง {until}",
        "หากคุณไม่ได้คาดว่าจะได้รับข้อความนี้ คุณไม่ต้องทำอะไร",
        "ตอนนี้คุณทำงานกับ {client} แล้ว",
        "{by} เพิ่มคุณใน {client} ที่ {place}",
        "ลงชื่อเข้าใช้ด้วยบัญชีของคุณตามปกติ",
        "เปิดแดชบอร์ด",
    ),
    "tr": InvitationPhrases(
        "{client} daveti",
        "{by} sizi {place} üzerinde {client} için çalışmaya davet etti.",
        "Başlamak için bir parola seçin.",
        "Parola seç",
        "Bağlantı {until} tarihine kadar bir kez çalışır.",
        "Bunu beklemiyorsanız bir şey yapmanız gerekmez.",
        "Artık {client} için çalışıyorsunuz",
        "{by} sizi {place} üzerinde {client} ekibine ekledi.",
        "Her zamanki gibi hesabınızla oturum açın.",
        "Panoyu aç",
    ),
    "vi": InvitationPhrases(
        "Lời mời tham gia {client}",
        "{by} đã mời bạn làm việc cho {client} tại {place}.",
        "Hãy chọn mật khẩu để bắt đầu.",
        "Chọn mật khẩu",
        "Liên kết chỉ dùng được một lần, đến {until}.",
        "Nếu bạn không chờ đợi thư này, bạn không cần làm gì.",
        "Bây giờ bạn làm việc cho {client}",
        "{by} đã thêm bạn vào {client} tại {place}.",
        "Hãy đăng nhập bằng tài khoản của bạn như thường lệ.",
        "Mở bảng điều khiển",
    ),
}
