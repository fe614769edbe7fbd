package contact

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// freeMail are providers whose addresses say nothing about where somebody works.
var freeMail = func() map[string]bool {
	out := map[string]bool{}
	for _, d := range strings.Fields(`gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.de hotmail.dk hotmail.fr hotmail.se hotmail.fi hotmail.it hotmail.es live.com live.dk live.se
		live.de live.co.uk live.fr live.nl live.no msn.com yahoo.com yahoo.co.uk yahoo.de yahoo.dk yahoo.fr yahoo.se yahoo.es yahoo.it yahoo.co.in yahoo.co.jp yahoo.com.br ymail.com rocketmail.com aol.com
		icloud.com me.com mac.com proton.me protonmail.com pm.me gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de posteo.de mailbox.org tutanota.com tuta.io tutamail.com fastmail.com fastmail.fm
		mail.com email.com zoho.com yandex.com yandex.ru mail.ru bk.ru list.ru inbox.ru rambler.ru qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net hanmail.net orange.fr wanadoo.fr free.fr sfr.fr laposte.net
		libero.it virgilio.it alice.it tin.it tiscali.it telia.com bredband.net spray.se comhem.se elisanet.fi luukku.com kolumbus.fi suomi24.fi saunalahti.fi jubii.dk mail.dk stofanet.dk tdcadsl.dk post.tele.dk
		online.no ziggo.nl kpnmail.nl planet.nl xs4all.nl skynet.be telenet.be btinternet.com sky.com virginmedia.com talktalk.net comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net
		earthlink.net shaw.ca rogers.com bigpond.com optusnet.com.au wp.pl o2.pl interia.pl onet.pl seznam.cz centrum.cz freemail.hu abv.bg ukr.net hey.com duck.com uol.com.br bol.com.br terra.com.br rediffmail.com`) {
		out[d] = true
	}
	return out
}()

// FreeMail reports whether a domain gives addresses to anybody (CR-11).
func FreeMail(domain string) bool { return freeMail[domain] }

// companyOf is the company of a contact's oldest work address, which is made when it is new; else the one that they said; 0 for who has none.
func (s *Service) companyOf(ctx context.Context, tx *db.Tx, c desk.Contact) (desk.CompanyID, error) {
	for _, a := range c.Addresses {
		_, domain, ok := strings.Cut(a.Value, "@")
		if a.Kind != desk.AddrEmail || !ok || FreeMail(domain) || domain[0] == '[' {
			continue
		}
		// Read first: a company that is there is not written, nor locked for those who meet it at the same time.
		var id desk.CompanyID
		err := tx.QueryRow(ctx, "SELECT id FROM companies WHERE domain = $1", domain).Scan(&id)
		if err == nil {
			return id, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return 0, fmt.Errorf("contact: company: %w", err)
		}
		err = tx.QueryRow(ctx, `INSERT INTO companies (id, domain, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (domain) DO UPDATE SET domain = excluded.domain RETURNING id`, tx.NewID(), domain, s.clk.Ms()).Scan(&id)
		if err != nil {
			return 0, fmt.Errorf("contact: company: %w", err)
		}
		return id, nil
	}
	return s.saidBefore(ctx, tx, c.CompanyID)
}

// byName begins the key of a company that is known by what somebody said it is called, and by no domain.
const byName = "="

// saidBefore keeps a company that was said, where no address tells one.
func (s *Service) saidBefore(ctx context.Context, tx *db.Tx, id desk.CompanyID) (desk.CompanyID, error) {
	if id == 0 {
		return 0, nil
	}
	var domain string
	err := tx.QueryRow(ctx, "SELECT domain FROM companies WHERE id = $1", id).Scan(&domain)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !strings.HasPrefix(domain, byName) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("contact: company: %w", err)
	}
	return id, nil
}

// SaysCompany takes in what somebody says of themselves where they work (FM-16). The company of their address gets the name when it has none; who has no company gets the one of
// that name, which is made when it is new. What stands there stays: anybody can type anything. A name never leads to a company that is known by a domain.
func (s *Service) SaysCompany(ctx context.Context, tx *db.Tx, id desk.ContactID, name string) error {
	if name = CleanName(name, ""); name == "" || Fold(name) == "" {
		return nil
	}
	var has desk.CompanyID
	read := func() error {
		return wrapCompany(tx.QueryRow(ctx, "SELECT company_id FROM contacts WHERE id = $1"+tx.ForUpdate(), id).Scan(&has))
	}
	err := read()
	if err == nil && has == 0 { // that of a new contact's address is found later otherwise
		if err = s.reindex(ctx, tx, id); err == nil {
			err = read()
		}
	}
	if err != nil {
		return err
	}
	var n int64
	if has != 0 {
		n, err = tx.Exec(ctx, "UPDATE companies SET name = $1 WHERE id = $2 AND name = ''", name, has)
	} else {
		err = tx.QueryRow(ctx, `INSERT INTO companies (id, domain, name, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (domain) DO UPDATE SET domain = excluded.domain RETURNING id`, tx.NewID(), byName+Fold(name), name, s.clk.Ms()).Scan(&has)
		if err == nil {
			n, err = tx.Exec(ctx, "UPDATE contacts SET company_id = $1 WHERE id = $2", has, id)
		}
	}
	if err != nil || n == 0 {
		return wrapCompany(err)
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvContactUpdated, Actor: desk.System, Contact: id, Data: event.Data(map[string]any{"changes": map[string]any{"company": map[string]any{"to": name}}})})
	return err
}

func wrapCompany(err error) error {
	if err != nil {
		return fmt.Errorf("contact: says company: %w", err)
	}
	return nil
}

// Company returns a company; NotFound when there is none.
func (s *Service) Company(ctx context.Context, q db.Queryer, id desk.CompanyID) (desk.Company, error) {
	cs, err := db.All(ctx, q, func(r db.Scanner) (c desk.Company, err error) {
		err = r.Scan(&c.ID, &c.Domain, &c.Name, &c.CreatedAt)
		if strings.HasPrefix(c.Domain, byName) {
			c.Domain = ""
		}
		return c, err
	},
		"SELECT id, domain, name, created_at FROM companies WHERE id = $1", id)
	if err != nil {
		return desk.Company{}, fmt.Errorf("contact: company: %w", err)
	}
	if len(cs) == 0 {
		return desk.Company{}, desk.Errorf(desk.NotFound, "company.not_found", "There is no such company.")
	}
	return cs[0], nil
}

// RenameCompany gives a company the name that people call it by.
func (s *Service) RenameCompany(ctx context.Context, tx *db.Tx, id desk.CompanyID, name string) (desk.Company, error) {
	if _, err := tx.Exec(ctx, "UPDATE companies SET name = $1 WHERE id = $2", CleanName(name, ""), id); err != nil {
		return desk.Company{}, fmt.Errorf("contact: rename company: %w", err)
	}
	return s.Company(ctx, tx, id)
}
