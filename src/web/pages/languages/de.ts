/** The texts of the sign-in pages in German. */
import type { Texts } from './texts.ts'

/** German. */
export const de: Texts = {
  ask: {
    title: 'Google-Kalender verbinden',
    busy: '{site} möchte wissen, wann Sie belegt sind, damit Termine nur angeboten werden, wenn Sie Zeit haben.',
    full: '{site} möchte Ihre Termine sehen, damit neue nur angeboten werden, wenn Sie Zeit haben.',
    other: '{site} möchte Ihren Kalender verbinden.',
  },
  button: 'Über Google anmelden',
  next: {
    Redirect:
      'Es öffnet sich Googles eigene Seite. Ihr Passwort geben Sie nur dort ein; danach kommen Sie hierher zurück.',
    Popup: 'Es öffnet sich ein Fenster von Google. Ihr Passwort geben Sie nur dort ein.',
  },
  onlyIfExpected:
    'Fahren Sie nur fort, wenn Sie {site} kennen und dies erwartet haben. Sonst schließen Sie die Seite: Ohne Sie geschieht nichts.',
  added: {
    title: 'Neu seit Ihrer letzten Zustimmung',
    detail: 'Auch Titel, Beschreibungen, Orte und Gäste Ihrer Termine werden weitergegeben.',
    accessToken: 'Programme von {site} erhalten einen eigenen Zugang zu Google.',
    write: 'Termine werden in Ihren Kalender eingetragen, und Einladungen dazu werden in Ihrem Namen verschickt.',
    calendar: 'Ein weiterer Kalender: {calendar}',
    note: 'Bis Sie sich anmelden, bleibt alles, wie Sie es erlaubt haben.',
  },
  details: {
    asker: 'Wer fragt',
    askerOf: '{site} (Namensraum {namespace})',
    person: 'Für',
    account: 'Google-Konto',
    accountNote: 'Wählen Sie bei Google dieses aus; ein anderes wird nicht angenommen.',
    calendars: 'Kalender',
    primary: 'Ihr Hauptkalender',
    read: 'Was gelesen wird',
    readBusy: 'Wann Ihre Termine beginnen und enden und ob sie als belegt zählen.',
    readFull: 'Ihre Termine: Beginn und Ende, Titel, Beschreibungen, Orte und Gäste.',
    notRead: 'Was nicht gelesen wird',
    notReadBusy: 'Titel, Beschreibungen, Orte und Gäste. Sie werden gar nicht erst abgefragt.',
    notReadWriting:
      'Titel, Beschreibungen, Orte und Gäste anderer Termine als dieser. Sie werden gar nicht erst abgefragt.',
    written: 'Was eingetragen wird',
    writtenEvents:
      'Termine, die bei {site} gebucht werden, in diesen Kalender: {calendar}. Sie werden auch geändert und gelöscht.',
    writtenMails: 'Google verschickt in Ihrem Namen Einladungen und Änderungen an die Gäste dieser Termine.',
    shown: 'Wer es sieht',
    shownBusy: 'Programme von {site} sehen, wann Sie belegt sind, und sonst nichts.',
    shownFull: 'Programme von {site} sehen Ihre Termine mit Titeln, Beschreibungen, Orten und Gästen.',
    shownNone: 'Zurzeit wird an Programme von {site} nichts weitergegeben.',
    shownWriting:
      'Programme von {site} sehen außerdem, was aus diesen Terminen wird: ob sie verschoben oder abgesagt wurden und was ihre Gäste antworten.',
    shownToken:
      'Programme von {site} erhalten außerdem selbst Zugriff auf Google, solange Sie verbunden sind. Damit können sie alles tun, was Sie unten zulassen.',
    allowed: 'Was Sie bei Google zulassen sollen',
    allowedNote:
      'Das kann mehr erlauben, als getan wird: Ihre Kalender werden nur gelesen, nichts darin wird geändert.',
    allowedNoteWriting:
      'Das kann mehr erlauben, als getan wird: Nur Termine, die hier gebucht werden, werden eingetragen; kein anderer wird geändert.',
  },
  scopes: {
    calendar:
      'Alle Kalender, auf die Sie über Google Kalender zugreifen können, ansehen, bearbeiten, freigeben und endgültig löschen',
    calendarReadonly: 'Alle Kalender, auf die Sie über Google Kalender zugreifen können, ansehen und herunterladen',
    events: 'Termine in Ihren Kalendern ansehen und bearbeiten',
    eventsReadonly: 'Termine in Ihren Kalendern ansehen',
    freeBusy: 'Ihre Verfügbarkeit in Ihren Kalendern ansehen',
    calendarList: 'Die Liste Ihrer Kalender ansehen',
    identity: 'Ihren Namen und Ihre E-Mail-Adresse ansehen',
  },
  stored: {
    title: 'Was gespeichert wird',
    text: 'Eine Erlaubnis von Google, aufbewahrt dort, wo {site} läuft, mit der Ihr Kalender ohne Ihr Zutun gelesen wird. Niemals Ihr Passwort.',
    writing: 'Auch Termine werden damit eingetragen.',
  },
  withdraw: {
    title: 'Wie Sie widerrufen',
    text: 'Jederzeit in Ihrem Google-Konto unter {link}. Von da an besteht kein Zugriff mehr.',
    link: 'Drittanbieter-Apps und -Dienste',
  },
  lastsUntil: 'Die Verbindung gilt bis {date}. Danach müssen Sie sich erneut anmelden.',
  renewBefore: 'Die jetzige Verbindung endet am {date}. Mit einer neuen Anmeldung wird sie verlängert.',
  outcomes: {
    connected: {
      title: 'Ihr Kalender ist verbunden',
      text: 'Der Kalender von {account} ist mit {site} verbunden. Sie können dieses Fenster schließen.',
    },
    denied: {
      title: 'Der Zugriff wurde nicht zugelassen',
      text: 'Es wurde nichts verbunden und nichts gespeichert. Falls das ein Versehen war, melden Sie sich noch einmal an und wählen Sie bei Google „Weiter“ oder „Zulassen“.',
    },
    'wrong-account': {
      title: 'Das war ein anderes Google-Konto',
      text: 'Dieser Link ist für {account}. Es wurde nichts verbunden. Melden Sie sich noch einmal an und wählen Sie dieses Konto; bietet Google es nicht an, wählen Sie „Anderes Konto verwenden“.',
    },
    'scope-missing': {
      title: 'Eine Berechtigung fehlt',
      text: 'Es wurde nichts verbunden. Melden Sie sich noch einmal an und setzen Sie auf Googles Seite bei jedem dieser Punkte das Häkchen:',
    },
    'no-refresh-token': {
      title: 'Google hat keine dauerhafte Erlaubnis erteilt',
      text: 'Es wurde nichts verbunden. Melden Sie sich noch einmal an. Hilft das nicht, entfernen Sie zuerst den Zugriff dieser Website in Ihrem Google-Konto unter {link}.',
    },
    expired: {
      title: 'Dieser Versuch ist zu Ende',
      text: 'Ein Versuch, sich anzumelden, gilt zehn Minuten und nur einmal. Haben Sie ihn gerade abgeschlossen, laden Sie diese Seite gleich noch einmal: Dann steht es hier. Sonst melden Sie sich bitte noch einmal an.',
    },
    'settings-not-in-effect': {
      title: 'Google kennt diese Website noch nicht',
      text: 'Neue Einstellungen gelten bei Google erst nach 5 Minuten bis zu einigen Stunden. Es wurde nichts verbunden. Versuchen Sie es später noch einmal; bleibt es dabei, sagen Sie es den Betreibern von {site}.',
    },
    'blocked-by-admin': {
      title: 'Ihre Organisation lässt das nicht zu',
      text: 'Wer dieses Google-Konto verwaltet, bei der Arbeit oder in der Schule, hat den Zugriff gesperrt. Es wurde nichts verbunden. Bitten Sie Ihre Administratorin oder Ihren Administrator, {site} in Google Workspace zuzulassen, und melden Sie sich dann noch einmal an.',
    },
    'not-a-member': {
      title: 'Dieses Konto gehört nicht zur Organisation',
      text: 'Bei Google können nur Mitglieder einer bestimmten Organisation mit {site} verbunden werden, und das gewählte Konto gehört nicht dazu. Es wurde nichts verbunden. Melden Sie sich noch einmal mit {account} an; lehnt Google auch dieses ab, fragen Sie die Google-Workspace-Administration der Organisation.',
    },
    'google-unreachable': {
      title: 'Google ist nicht erreichbar',
      text: 'Es wurde nichts verbunden. Bitte versuchen Sie es in einigen Minuten noch einmal.',
    },
    suspended: {
      title: 'Die Verbindung ruht',
      text: 'Die Betreiber von {site} haben sie angehalten; es wird nichts gelesen. Sie müssen nichts tun.',
    },
    'not-needed': {
      title: 'Ihr Kalender ist schon verbunden',
      text: 'Sie müssen nichts tun und können dieses Fenster schließen.',
    },
  },
  pages: {
    notFound: {
      title: 'Dieser Link ist nicht gültig',
      text: 'Vielleicht ist er unvollständig oder nicht mehr in Gebrauch. Bitten Sie die Person, die ihn geschickt hat, um einen neuen.',
    },
    refused: {
      title: 'Diese Anmeldung kann nicht fortgesetzt werden',
      text: 'Sie hat zu lange gedauert, ist schon abgeschlossen oder wurde in einem anderen Browser begonnen. Es wurde nichts geändert. Öffnen Sie den Link, den Sie erhalten haben, und beginnen Sie von vorn.',
    },
    tooManyRequests: {
      title: 'Zu viele Anfragen',
      text: 'Bitte warten Sie eine Minute und laden Sie die Seite dann neu.',
    },
    failed: {
      title: 'Hier ist etwas schiefgegangen',
      text: 'Bitte versuchen Sie es in einigen Minuten noch einmal. Bleibt es dabei, sagen Sie es der Person, die den Link geschickt hat.',
    },
  },
  popup: {
    noScript:
      'Auf dieser Website braucht die Anmeldung über Google JavaScript, das in Ihrem Browser ausgeschaltet ist. Schalten Sie es ein und laden Sie die Seite neu.',
    working: 'Einen Moment bitte …',
    blocked:
      'Ihr Browser hat Googles Fenster blockiert. Erlauben Sie Pop-ups für diese Website und drücken Sie dann noch einmal auf die Schaltfläche.',
    closed:
      'Googles Fenster wurde vor dem Abschluss geschlossen. Es wurde nichts verbunden. Drücken Sie auf die Schaltfläche, um es noch einmal zu versuchen.',
    notLoaded:
      'Googles Anmeldung konnte nicht geladen werden. Prüfen Sie Ihre Verbindung und Inhaltsblocker und laden Sie die Seite neu.',
    failed: 'Das hat nicht geklappt, und es wurde nichts verbunden. Bitte laden Sie die Seite in einer Minute neu.',
  },
}
